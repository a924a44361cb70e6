using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Adds up the scaled gradients of several iterations before each update in mixed precision.</summary>
/// <remarks>
/// What <see cref="GradientCumulativeOptimizerHook"/> says of windows holds here, and what <see cref="Fp16OptimizerHook"/> says of the scaler, which decides,
/// changes and is stored when a window ends: one overflow in a window leaves out the whole update. Gradients are cleared after the step, also after one that
/// was left out. Source: MMCV <c>GradientCumulativeFp16OptimizerHook</c>, which derives from both.
/// </remarks>
public class GradientCumulativeFp16OptimizerHook : Fp16OptimizerHook
{
    private readonly CumulativeWindow window;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The clipping, a factor of the scale, the precision or the number of iterations is out of range.</exception>
    /// <exception cref="ArgumentException">Parameters without a gradient are to be looked for, which this hook does not do.</exception>
    public GradientCumulativeFp16OptimizerHook(GradientCumulativeFp16OptimizerConfig? config = null)
        : base(config ??= new()) => window = new(config.CumulativeIters);

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        AfterTrainIter(runner, window);
    }
}
