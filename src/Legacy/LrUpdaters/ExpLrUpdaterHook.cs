using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Multiplies the learning rate by a factor at each epoch or iteration: <c>base · gamma^t</c>.</summary>
/// <remarks>Source: MMCV <c>ExpLrUpdaterHook</c>.</remarks>
public sealed class ExpLrUpdaterHook : LrUpdaterHook
{
    private readonly double gamma;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The factor, and what all policies share.</param>
    /// <exception cref="ArgumentException">The warm-up is out of range.</exception>
    public ExpLrUpdaterHook(ExpLrConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        gamma = config.Gamma;
    }

    /// <inheritdoc/>
    protected override double GetLr(BaseRunner runner, double baseLr) => baseLr * Math.Pow(gamma, Progress(runner));
}
