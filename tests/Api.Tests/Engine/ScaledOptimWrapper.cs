using Compat.Engine.Optim;
using Compat.Torch.Amp;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own wrapper with loss scaling: it changes backward, unscaling and step, and keeps accumulation and clipping.</summary>
internal sealed class ScaledOptimWrapper(OptimWrapperOptions options, nn.Module model) : OptimWrapper(options, model)
{
    private readonly GradScaler scaler = new(new() { InitScale = 1024 });

    public override void Backward(Tensor loss) => base.Backward(scaler.Scale(loss));

    public override PthDict SaveState()
    {
        PthDict state = base.SaveState();
        state["loss_scaler"] = scaler.SaveState()!.ToPth();
        return state;
    }

    protected override void SyncGradients()
    {
        base.SyncGradients();
        scaler.Unscale(Optimizer);
    }

    protected override void ApplyUpdate()
    {
        scaler.Step(Optimizer);
        scaler.Update();
    }

    protected override void Dispose(bool disposing)
    {
        scaler.Dispose();
        base.Dispose(disposing);
    }
}
