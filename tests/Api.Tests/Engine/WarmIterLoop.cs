using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own loop by iteration: it validates once before it trains, and after the third iteration.</summary>
internal sealed class WarmIterLoop(Runner runner, IterBasedTrainLoopOptions options, List<int> trained) : IterBasedTrainLoop(runner, options)
{
    protected override IEnumerable<int> Run()
    {
        foreach (int _ in Runner.ValLoop!.Iterations())
        {
            yield return Progress.Iter;
        }

        foreach (int iter in base.Run())
        {
            yield return iter;
        }
    }

    protected override void RunIter(int batchIndex, DataBatch batch)
    {
        trained.Add(batchIndex);
        base.RunIter(batchIndex, batch);
    }

    protected override bool IsValidationDue(TrainingPosition position) => position.Iter == 3 || base.IsValidationDue(position);
}
