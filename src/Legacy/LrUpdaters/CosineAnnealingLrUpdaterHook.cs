using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Takes the learning rate along half a cosine to its end: <c>end + (base - end)(1 + cos(π · t/T)) / 2</c>, with t of T epochs or iterations done.</summary>
/// <remarks>The end itself is reached after the last one, so no epoch or iteration is trained with it. Source: MMCV <c>CosineAnnealingLrUpdaterHook</c>.</remarks>
public sealed class CosineAnnealingLrUpdaterHook : LrUpdaterHook
{
    private readonly AnnealingEnd end;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The end, and what all policies share.</param>
    /// <exception cref="ArgumentException">Both ends are set or none is, or the warm-up is out of range.</exception>
    public CosineAnnealingLrUpdaterHook(CosineAnnealingLrConfig config)
        : base(config)
    {
        ArgumentNullException.ThrowIfNull(config);
        end = new(config.MinLr, config.MinLrRatio, nameof(CosineAnnealingLrConfig.MinLr));
    }

    /// <inheritdoc/>
    protected override double GetLr(BaseRunner runner, double baseLr) => Annealing.Cos(baseLr, end.From(baseLr), PartDone(runner));
}
