using Compat.Adapters.Runners;
using Compat.Engine.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Updates weights in place of a legacy optimizer hook.</summary>
/// <remarks>
/// Preserves: weights, gradients left in place, the clip over all parameters of the model, <c>grad_norm</c> in log buffer and hub with its weight.
/// Changes: the update precedes every hook after the iteration; it is only used where no legacy hook came before the optimizer hook.
/// Rejects: nothing.
/// </remarks>
internal sealed class LegacyOptimWrapper(OptimWrapperOptions options, nn.Module model, LegacyRunnerFacade facade) : OptimWrapper(options, model)
{
    protected override IEnumerable<Parameter> ParametersToClip() => facade.Model.parameters();

    // The buffer passes it on to the engine's hub, so the base method is not called.
    protected override void LogGradNorm(Tensor norm) =>
        facade.LogBuffer.Update(new LogVars { ["grad_norm"] = norm }, facade.Outputs!.RequireNumSamples(facade.ModelName));
}
