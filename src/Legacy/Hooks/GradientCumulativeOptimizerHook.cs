using Compat.Legacy.Runners;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Compat.Legacy;

/// <summary>Adds up the gradients of several iterations before each update: almost the same as a larger batch.</summary>
/// <remarks>
/// <para>Each loss is divided by the number of iterations of its window. Iterations are counted over the whole training, so windows go on across epochs, and
/// the last one may be shorter (<see cref="LegacyBehavior.RemainderRule"/>). Gradients are cleared after the step, and not before the first backward.</para>
/// <para>Source: MMCV <c>GradientCumulativeOptimizerHook</c>.</para>
/// </remarks>
public class GradientCumulativeOptimizerHook : OptimizerHook
{
    private readonly CumulativeWindow window;
    private bool isWarned;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">The clipping or the number of iterations is out of range.</exception>
    public GradientCumulativeOptimizerHook(GradientCumulativeOptimizerConfig? config = null)
        : base(config ??= new()) => window = new(config.CumulativeIters);

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (Config.DetectAnomalousParams && !isWarned)
        {
            isWarned = true;
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Warning,
                CompatEvents.AnomalousParamsNotSought,
                $"DetectAnomalousParams is set, but {Name} does not look for them, as in MMCV. Use an {nameof(OptimizerHook)} for a few iterations to find them.");
        }

        AfterTrainIter(runner, window);
    }
}
