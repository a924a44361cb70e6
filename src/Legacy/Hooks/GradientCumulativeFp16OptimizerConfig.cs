namespace Compat.Legacy;

/// <summary>Settings of <see cref="GradientCumulativeFp16OptimizerHook"/>.</summary>
/// <example><code>OptimizerConfig = new GradientCumulativeFp16OptimizerConfig { CumulativeIters = 4, LossScale = LossScale.Dynamic }</code></example>
public record GradientCumulativeFp16OptimizerConfig : Fp16OptimizerConfig
{
    /// <summary>Gets how many iterations add up their gradients before one update.</summary>
    /// <value>At least 1. The default is 1: update at every iteration.</value>
    public int CumulativeIters { get; init; } = 1;

    /// <inheritdoc/>
    public override Hook Build() => new GradientCumulativeFp16OptimizerHook(this);
}
