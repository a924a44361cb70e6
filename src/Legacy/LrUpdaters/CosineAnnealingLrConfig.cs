namespace Compat.Legacy;

/// <summary>Settings of <see cref="CosineAnnealingLrUpdaterHook"/>: MMCV's <c>dict(policy='CosineAnnealing', ...)</c>. Exactly one of the two is set.</summary>
public sealed record CosineAnnealingLrConfig : LrConfig
{
    /// <summary>Gets the learning rate at the end.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="MinLrRatio"/> says it.</value>
    public double? MinLr { get; init; }

    /// <summary>Gets the learning rate at the end, as a part of the initial one.</summary>
    /// <value>The default is <see langword="null"/>: <see cref="MinLr"/> says it.</value>
    public double? MinLrRatio { get; init; }

    /// <inheritdoc/>
    public override CosineAnnealingLrUpdaterHook Build() => new(this);
}
