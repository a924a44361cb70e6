using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Lets the learning rate fall along a polynomial: <c>(base - min)(1 - t/T)^power + min</c>, with t of T epochs or iterations done.</summary>
/// <remarks>The minimum itself is reached after the last one, so no epoch or iteration is trained with it. Source: MMCV <c>PolyLrUpdaterHook</c>.</remarks>
public sealed class PolyLrUpdaterHook : LrUpdaterHook
{
    private readonly PolyLrConfig config;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">Power and minimum, and what all policies share.</param>
    /// <exception cref="ArgumentException">The warm-up is out of range.</exception>
    public PolyLrUpdaterHook(PolyLrConfig config)
        : base(config) => this.config = config;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">More is done than the limit says, and the power has no value there.</exception>
    protected override double GetLr(BaseRunner runner, double baseLr)
    {
        double left = 1 - PartDone(runner);
        double factor = Math.Pow(left, config.Power);
        if (left < 0 && double.IsNaN(factor))
        {
            throw new InvalidOperationException(
                $"{Name} has no value after {Progress(runner)} {(ByEpoch ? "epochs" : "iterations")}, more than the training has: {left} cannot be raised to "
                + $"the power {config.Power}. Use a whole Power, or loaders of one length for all 'train' flows.");
        }

        return ((baseLr - config.MinLr) * factor) + config.MinLr;
    }
}
