using Compat.Legacy;
using Compat.Torch;

namespace Compat.Adapters.Runners;

/// <summary>Where a legacy runner stands while the engine trains it: the counters are the engine's, the rest is written by the loop.</summary>
/// <param name="loop">The loop that trains the runner.</param>
[HoldsTensors("owner: the iteration's dispose scope")]
internal sealed class EngineRunnerState(LegacyTrainLoop loop) : RunnerState
{
    public override int Epoch
    {
        get => loop.Progress.Epoch;
        set => loop.Resume(value, Iter);
    }

    public override int Iter
    {
        get => loop.Progress.Iter;
        set => loop.Resume(Epoch, value);
    }
}
