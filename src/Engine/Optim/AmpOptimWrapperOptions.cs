using Compat.Torch.Amp;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Settings of <see cref="AmpOptimWrapper"/>, beside those of <see cref="OptimWrapper"/>.</summary>
public sealed record AmpOptimWrapperOptions : OptimWrapperOptions
{
    /// <summary>Gets by what the loss is multiplied before backward, so that small gradients do not vanish in half precision.</summary>
    /// <value>A number stays, settings adapt. The default is <see cref="LossScale.Dynamic"/>. bfloat16 needs none: <c>new GradScalerOptions { Enabled = false }</c>.</value>
    public LossScale LossScale { get; init; } = LossScale.Dynamic;

    /// <summary>Gets the lower precision in which the model computes its loss.</summary>
    /// <value>
    /// The default is <see langword="null"/>: float16 on CUDA, bfloat16 on a CPU, where nothing else is possible; the log says it. Without <see cref="Autocast"/>
    /// it means nothing.
    /// </value>
    public ScalarType? Dtype { get; init; }

    /// <summary>Gets whether operations are cast to the lower precision.</summary>
    /// <value>
    /// The default is <see langword="true"/>. Otherwise the model computes as it is, and only the loss is scaled, on any device. (MMEngine always casts.)
    /// </value>
    public bool Autocast { get; init; } = true;

    /// <inheritdoc/>
    public override BaseOptimWrapper Build(nn.Module model) => new AmpOptimWrapper(this, model);
}
