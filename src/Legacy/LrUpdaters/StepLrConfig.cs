namespace Compat.Legacy;

/// <summary>Settings of <see cref="StepLrUpdaterHook"/>: MMCV's <c>dict(policy='step', ...)</c>.</summary>
public sealed record StepLrConfig : LrConfig
{
    /// <summary>Gets the steps at which the learning rate falls. A single number is the interval between falls.</summary>
    /// <value>All above 0; they must not decrease. Without any, the learning rate stays.</value>
    public required IReadOnlyList<int> Step { get; init; }

    /// <summary>Gets whether <see cref="Step"/> is a single number that is the interval between falls.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool StepIsInterval { get; init; }

    /// <summary>Gets the factor of each fall.</summary>
    /// <value>The default is 0.1.</value>
    public double Gamma { get; init; } = 0.1;

    /// <summary>Gets the value below which the learning rate does not fall.</summary>
    /// <value>The default is <see langword="null"/>: no floor.</value>
    public double? MinLr { get; init; }

    /// <inheritdoc/>
    public override StepLrUpdaterHook Build() => new StepLrUpdaterHook(this);
}
