using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Takes the momentum in a straight line to its end: <c>base + (end - base) · t/T</c>, with t of T epochs or iterations done.</summary>
/// <remarks>The end itself is reached after the last one, so no epoch or iteration is trained with it. Source: MMCV <c>LinearAnnealingMomentumUpdaterHook</c>.</remarks>
public sealed class LinearAnnealingMomentumUpdaterHook : MomentumUpdaterHook
{
    private readonly AnnealingEnd end;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The end, and what all policies share.</param>
    /// <exception cref="ArgumentException">Both ends are set or none is, or the warm-up is out of range.</exception>
    public LinearAnnealingMomentumUpdaterHook(LinearAnnealingMomentumConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        end = new(config.MinMomentum, config.MinMomentumRatio, nameof(LinearAnnealingMomentumConfig.MinMomentum));
    }

    /// <inheritdoc/>
    protected override double GetMomentum(BaseRunner runner, double baseMomentum) => Annealing.Linear(baseMomentum, end.From(baseMomentum), PartDone(runner));
}
