using Compat.Torch.Amp;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Settings of <see cref="Fp16OptimizerHook"/>.</summary>
/// <remarks>MMCV's <c>coalesce</c>, <c>bucket_size_mb</c> and <c>distributed</c> do nothing there with PyTorch ≥ 1.6; they are left out.</remarks>
/// <example><code>OptimizerConfig = new Fp16OptimizerConfig { LossScale = LossScale.Dynamic }</code></example>
public record Fp16OptimizerConfig : OptimizerConfig
{
    /// <summary>Gets how losses are scaled: by a fixed number, by <see cref="Torch.Amp.LossScale.Dynamic"/>, or as <see cref="GradScalerOptions"/> say.</summary>
    /// <value>The default is 512, fixed. With a fixed scale, too, an update that overflowed is left out.</value>
    public LossScale LossScale { get; init; } = 512;

    /// <summary>Gets the precision in which modules compute that can be switched (<see cref="IFp16Switchable"/>). MMCV has no such setting.</summary>
    /// <value>Float16, the default, or BFloat16. On a CPU it must be BFloat16, else <see cref="Fp16.Auto(IFp16Switchable)"/> refuses it.</value>
    public ScalarType Dtype { get; init; } = ScalarType.Float16;

    /// <inheritdoc/>
    public override Hook Build() => new Fp16OptimizerHook(this);
}
