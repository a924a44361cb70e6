using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Takes the momentum along half a cosine to its end: <c>end + (base - end)(1 + cos(π · t/T)) / 2</c>, with t of T epochs or iterations done.</summary>
/// <remarks>The end itself is reached after the last one, so no epoch or iteration is trained with it. Source: MMCV <c>CosineAnnealingMomentumUpdaterHook</c>.</remarks>
public sealed class CosineAnnealingMomentumUpdaterHook : MomentumUpdaterHook
{
    private readonly AnnealingEnd end;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The end, and what all policies share.</param>
    /// <exception cref="ArgumentException">Both ends are set or none is, or the warm-up is out of range.</exception>
    public CosineAnnealingMomentumUpdaterHook(CosineAnnealingMomentumConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        end = new(config.MinMomentum, config.MinMomentumRatio, nameof(CosineAnnealingMomentumConfig.MinMomentum));
    }

    /// <inheritdoc/>
    protected override double GetMomentum(BaseRunner runner, double baseMomentum) => Annealing.Cos(baseMomentum, end.From(baseMomentum), PartDone(runner));
}
