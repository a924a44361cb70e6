namespace Compat.Legacy;

/// <summary>Settings of <see cref="ExpLrUpdaterHook"/>: MMCV's <c>dict(policy='exp', ...)</c>.</summary>
public sealed record ExpLrConfig : LrConfig
{
    /// <summary>Gets the factor of each epoch or iteration.</summary>
    /// <value>MMCV has no default here.</value>
    public required double Gamma { get; init; }

    /// <inheritdoc/>
    public override ExpLrUpdaterHook Build() => new(this);
}
