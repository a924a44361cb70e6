using Compat.Engine.Loops;

namespace Compat.Adapters.Runners;

/// <summary>Builds the loop that keeps MMCV's order around an epoch.</summary>
/// <param name="MaxEpochs">How many epochs are trained.</param>
internal sealed record LegacyTrainLoopOptions(int MaxEpochs) : TrainLoopOptions
{
    public override TrainLoop Build(Compat.Engine.Runner runner) => new LegacyTrainLoop(runner, MaxEpochs);
}
