namespace Compat.Legacy;

/// <summary>Settings of <see cref="CosineAnnealingMomentumUpdaterHook"/>: MMCV's <c>dict(policy='CosineAnnealing', ...)</c>. Exactly one of the two is set.</summary>
public sealed record CosineAnnealingMomentumConfig : MomentumConfig
{
    /// <summary>Gets the momentum at the end.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="MinMomentumRatio"/> says it.</value>
    public double? MinMomentum { get; init; }

    /// <summary>Gets the momentum at the end, as a part of the initial one.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="MinMomentum"/> says it.</value>
    public double? MinMomentumRatio { get; init; }

    /// <inheritdoc/>
    public override CosineAnnealingMomentumUpdaterHook Build() => new(this);
}
