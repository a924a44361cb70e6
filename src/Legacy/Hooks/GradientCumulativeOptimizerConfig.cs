namespace Compat.Legacy;

/// <summary>Settings of <see cref="GradientCumulativeOptimizerHook"/>.</summary>
/// <example><code>OptimizerConfig = new GradientCumulativeOptimizerConfig { CumulativeIters = 4, GradClip = new(35) }</code></example>
public record GradientCumulativeOptimizerConfig : OptimizerConfig
{
    /// <summary>Gets how many iterations add up their gradients before one update.</summary>
    /// <value>At least 1. The default is 1: update at every iteration.</value>
    public int CumulativeIters { get; init; } = 1;

    /// <inheritdoc/>
    public override Hook Build() => new GradientCumulativeOptimizerHook(this);
}
