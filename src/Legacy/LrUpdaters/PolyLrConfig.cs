namespace Compat.Legacy;

/// <summary>Settings of <see cref="PolyLrUpdaterHook"/>: MMCV's <c>dict(policy='poly', ...)</c>.</summary>
public sealed record PolyLrConfig : LrConfig
{
    /// <summary>Gets the power of the polynomial.</summary>
    /// <value>The default is 1: a straight line.</value>
    public double Power { get; init; } = 1;

    /// <summary>Gets the learning rate at the end.</summary>
    /// <value>The default is 0.</value>
    public double MinLr { get; init; }

    /// <inheritdoc/>
    public override PolyLrUpdaterHook Build() => new(this);
}
