using Compat.Engine.Optim;
using Compat.Torch.Amp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>A wrapper that scales losses: it overrides the parts that differ and nothing else.</summary>
internal sealed class AmpLikeWrapper(OptimWrapperOptions options, nn.Module model, double scale) : OptimWrapper(options, model)
{
    private readonly GradScaler scaler = new(new() { InitScale = scale, GrowthInterval = 1000 });

    public override void Backward(Tensor loss) => base.Backward(scaler.Scale(loss));

    protected override void SyncGradients() => scaler.Unscale(Optimizer);

    protected override void ApplyUpdate()
    {
        scaler.Step(Optimizer);
        scaler.Update();
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        scaler.Dispose();
    }
}
