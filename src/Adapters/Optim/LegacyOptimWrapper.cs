using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Updates weights in place of a legacy optimizer hook.</summary>
/// <remarks>
/// Preserves: weights, gradients left in place or cleared as the hook does, the clip over all parameters of the model, <c>grad_norm</c> in log buffer and hub with its weight.
/// Changes: the update precedes every hook after the iteration (COMPAT0203, where there was one before the optimizer hook).
/// Rejects: nothing.
/// </remarks>
internal sealed class LegacyOptimWrapper(OptimWrapperOptions options, nn.Module model, BaseRunner legacy) : OptimWrapper(options, model)
{
    /// <summary>Leaves the averaging over processes to the wrapped legacy model, which has its own options.</summary>
    public override void Attach(OptimWrapperContext context) => base.Attach(context with { Replica = null });

    protected override void SyncGradients() => (legacy.Model as MMDistributedDataParallel)?.Replica.Average(legacy.Model.parameters());

    protected override IEnumerable<Parameter> ParametersToClip() => legacy.Model.parameters();

    // The buffer passes it on to the engine's hub, so the base method is not called.
    protected override void LogGradNorm(Tensor norm) =>
        legacy.LogBuffer.Update(new LogVars { ["grad_norm"] = norm }, legacy.Outputs!.RequireNumSamples(legacy.ModelName));
}
