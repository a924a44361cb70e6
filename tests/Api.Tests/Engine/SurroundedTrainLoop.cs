using Compat.Engine;
using Compat.Engine.Loops;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own loop that begins at another position, and does something before the first and after the last hook, however training ends.</summary>
internal sealed class SurroundedTrainLoop : EpochBasedTrainLoop
{
    private readonly List<string> calls;

    public SurroundedTrainLoop(Runner runner, TrainingPosition start, List<string> calls)
        : base(runner, new EpochBasedTrainLoopOptions { MaxEpochs = 3 })
    {
        this.calls = calls;
        MoveTo(start);
    }

    public override IEnumerable<int> Iterations()
    {
        calls.Add("begin");
        try
        {
            foreach (int iter in base.Iterations())
            {
                yield return iter;
            }
        }
        finally
        {
            calls.Add($"end {Progress.Iter}");
        }
    }
}
