using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Torch;
using Compat.Torch.Data;

namespace Compat.Adapters.Runners;

/// <summary>Where a native runner stands, as a legacy hook sees it. All but the batch, its position and the outputs comes from the engine.</summary>
/// <param name="engine">The engine's runner.</param>
[HoldsTensors("owner: the iteration's dispose scope")]
internal sealed class FacadeState(Compat.Engine.Runner engine) : RunnerState
{
    private StepOutputs? outputs;
    private int outputsOf;

    /// <summary>Gets or sets whether hooks are called before the run: MMCV has limits then, but no mode and no loader.</summary>
    public bool IsBeforeRun { get; set; }

    // As MMCV's IterBasedRunner, which looks at the pass before it asks for a batch: the first batch of a new pass still has the old number.
    public override int Epoch
    {
        get => Loop is IterBasedTrainLoop ? Math.Max((DataBatch is null ? Iter - 1 : Iter) - 1, 0) / Loop.Dataloader.Length : engine.Progress.Epoch;
        set => throw ReadOnly(nameof(Epoch));
    }

    public override int Iter
    {
        get => engine.Progress.Iter;
        set => throw ReadOnly(nameof(Iter));
    }

    // The engine says 1 for a training by iteration, and every epoch would be the last one.
    public override int? MaxEpochs
    {
        get => Loop is IterBasedTrainLoop ? null : Loop?.MaxEpochs;
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

    // Not every iteration has a hook that tells its end, so what an earlier one returned is not shown.
    public override StepOutputs? Outputs
    {
        get => outputsOf == Iter ? outputs : null;
        set
        {
            outputs = value;
            outputsOf = Iter;
        }
    }

    private TrainLoop? Loop => engine.TrainLoop;

    private static InvalidOperationException ReadOnly(string name) =>
        new($"{name} belongs to the engine's runner, on which the legacy hook is called; it cannot be set from there.");
}
