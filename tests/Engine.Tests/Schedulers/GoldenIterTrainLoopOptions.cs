using Compat.Engine.Loops;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>Counts iterations over endless passes, as the golden runs with <c>max_iters</c>.</summary>
/// <param name="MaxIters">How many.</param>
internal sealed record GoldenIterTrainLoopOptions(int MaxIters) : TrainLoopOptions
{
    public override TrainLoop Build(Runner runner) => new Loop(runner, this);

    private sealed class Loop(Runner runner, GoldenIterTrainLoopOptions options) : TrainLoop(runner, runner.TrainDataloader!)
    {
        public override int MaxEpochs => 1;

        public override int MaxIters => options.MaxIters;

        protected override IEnumerable<int> Run()
        {
            CallBeforeTrainEpoch();
            while (Progress.Iter < MaxIters)
            {
                foreach (DataBatch batch in Dataloader)
                {
                    RunIter(Progress.BatchIndex, batch);
                    yield return Progress.Iter;
                    if (Progress.Iter == MaxIters)
                    {
                        break;
                    }
                }
            }

            CallAfterTrainEpoch();
            FinishEpoch();
        }

        protected override bool IsValidationDue(TrainingPosition position) => false;
    }
}
