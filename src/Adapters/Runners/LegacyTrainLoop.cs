using Compat.Engine.Loops;

namespace Compat.Adapters.Runners;

/// <summary>The engine's loop with MMCV's order at the beginning of an epoch.</summary>
/// <remarks>
/// Preserves: the model is in training mode before hooks are called, so that a hook can put parts of it, such as batch norm, back into evaluation mode.
/// Changes: nothing.
/// Rejects: nothing.
/// </remarks>
internal sealed class LegacyTrainLoop(Compat.Engine.Runner runner, int maxEpochs)
    : EpochBasedTrainLoop(runner, new EpochBasedTrainLoopOptions { MaxEpochs = maxEpochs })
{
    protected override void BeginEpoch()
    {
        Model.train();
        CallBeforeTrainEpoch();
    }

    protected override void EndEpoch()
    {
        base.EndEpoch();
        LegacyRunnerFacade.Of(Runner).LogBuffer.Flush();
    }
}
