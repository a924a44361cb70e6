using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Takes the learning rate in a straight line to its end: <c>base + (end - base) · t/T</c>, with t of T epochs or iterations done.</summary>
/// <remarks>The end itself is reached after the last one, so no epoch or iteration is trained with it. Source: MMCV <c>LinearAnnealingLrUpdaterHook</c>.</remarks>
public sealed class LinearAnnealingLrUpdaterHook : LrUpdaterHook
{
    private readonly AnnealingEnd end;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The end, and what all policies share.</param>
    /// <exception cref="ArgumentException">Both ends are set or none is, or the warm-up is out of range.</exception>
    public LinearAnnealingLrUpdaterHook(LinearAnnealingLrConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        end = new(config.MinLr, config.MinLrRatio, nameof(LinearAnnealingLrConfig.MinLr));
    }

    /// <inheritdoc/>
    protected override double GetLr(BaseRunner runner, double baseLr) => Annealing.Linear(baseLr, end.From(baseLr), PartDone(runner));
}
