using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Adapters.Runners;

/// <summary>The state of an engine's runner as a legacy hook sees it: counters come from the engine, the rest is set by the adapters.</summary>
/// <param name="engine">The engine's runner.</param>
[HoldsTensors("owner: the iteration's dispose scope")]
internal sealed class EngineRunnerState(Compat.Engine.Runner engine) : RunnerState
{
    /// <summary>Gets or sets whether hooks are called before the run: MMCV has limits then, but no mode and no loader.</summary>
    public bool IsBeforeRun { get; set; }

    public override int Epoch
    {
        get => engine.Progress.Epoch;
        set => throw ReadOnly(nameof(Epoch));
    }

    public override int Iter
    {
        get => engine.Progress.Iter;
        set => throw ReadOnly(nameof(Iter));
    }

    public override int? MaxEpochs
    {
        get => Loop?.MaxEpochs;
        set => throw ReadOnly(nameof(MaxEpochs));
    }

    public override int? MaxIters
    {
        get => Loop?.MaxIters;
        set => throw ReadOnly(nameof(MaxIters));
    }

    public override string? Mode
    {
        get => Loop is null || IsBeforeRun ? null : "train";
        set => throw ReadOnly(nameof(Mode));
    }

    public override BatchLoader? DataLoader
    {
        get => IsBeforeRun ? null : Loop?.Dataloader;
        set => throw ReadOnly(nameof(DataLoader));
    }

    private TrainLoop? Loop => engine.TrainLoop;

    private static InvalidOperationException ReadOnly(string name) =>
        new($"{name} belongs to the engine while it runs the old trainer; it cannot be set from a legacy runner.");
}
