using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own loop: counts iterations, begins the data anew as often as needed, and validates in the middle of it.</summary>
internal sealed class CyclingTrainLoop(Runner runner, CyclingTrainLoopOptions options) : TrainLoop(runner, runner.TrainDataloader!)
{
    private readonly ValidationInterval validation = new(1, options.ValInterval);

    public override int MaxEpochs => 1;

    public override int MaxIters => options.MaxIters;

    protected override IEnumerable<int> Run()
    {
        CallBeforeTrainEpoch();
        ApplyRestored();
        while (Progress.Iter < MaxIters && !IsStopping)
        {
            foreach (DataBatch batch in Dataloader)
            {
                Model.train();
                RunIter(Progress.BatchIndex, batch);
                yield return Progress.Iter;
                foreach (int iter in ValidateIfDue())
                {
                    yield return iter;
                }

                if (Progress.Iter == MaxIters)
                {
                    break;
                }
            }
        }

        CallAfterTrainEpoch();
        FinishEpoch();
    }

    protected override bool IsValidationDue(TrainingPosition position) =>
        position.BatchIndex > 0 && Runner.ValLoop is not null && validation.IsDue(position.Iter, MaxIters);
}
