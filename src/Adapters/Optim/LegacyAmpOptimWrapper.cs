using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Updates weights in place of a legacy optimizer hook with a loss scaler.</summary>
/// <remarks>
/// Preserves: what <see cref="LegacyOptimWrapper"/> does; modules that are switched to the lower precision one by one, with no autocast around the whole step;
/// the scaler's state, from the meta of the runner and into it; the clearing of all gradients of the model, those outside the optimizer included.
/// Changes: as <see cref="LegacyOptimWrapper"/> (COMPAT0203).
/// Rejects: nothing.
/// </remarks>
[HoldsTensors("owner: the iteration's dispose scope")]
internal sealed class LegacyAmpOptimWrapper(AmpOptimWrapperOptions options, nn.Module model, BaseRunner legacy, Fp16OptimizerHook hook)
    : AmpOptimWrapper(options, model)
{
    private GradScalerState? lastState;
    private bool isDisposed;

    // The hook has said before the run what is odd about the scale. A wrapped legacy model averages over processes, by its own options.
    public override void Attach(OptimWrapperContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        base.Attach(context with { Logger = NullLogger.Instance, Replica = null });
    }

    /// <summary>Takes over the scaler as the hook has it before the run, when it has read the meta.</summary>
    public void TakeScaler()
    {
        if (hook.LossScaler.SaveState() is { } state)
        {
            LossScaler.LoadState(state);
        }
    }

    public override void ZeroGrad()
    {
        OptimizerGroup.ClearGradients(legacy.Model.parameters(), setToNone: !legacy.Options.Behavior.ZeroFilledGradients);
        base.ZeroGrad();
    }

    protected override void SyncGradients()
    {
        (legacy.Model as MMDistributedDataParallel)?.Replica.Average(legacy.Model.parameters());
        base.SyncGradients();
    }

    protected override IEnumerable<Parameter> ParametersToClip() => legacy.Model.parameters();

    protected override void LogGradNorm(Tensor norm) =>
        legacy.LogBuffer.Update(new LogVars { ["grad_norm"] = norm }, legacy.Outputs!.RequireNumSamples(legacy.ModelName));

    protected override void ApplyUpdate()
    {
        base.ApplyUpdate();
        if (SkippedStep is { } isSkipped)
        {
            legacy.LogBuffer.Decide(isSkipped);
        }

        legacy.Meta ??= [];
        legacy.Meta.Section("fp16").Defer("loss_scaler", SaveScaler);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isDisposed)
        {
            lastState = LossScaler.SaveState();
            isDisposed = true;
        }

        base.Dispose(disposing);
    }

    private PthDict SaveScaler() => (isDisposed ? lastState : LossScaler.SaveState())?.ToPth() ?? [];
}
