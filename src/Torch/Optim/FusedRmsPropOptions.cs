namespace Compat.Torch.Optim;

/// <summary>Settings of <see cref="FusedRmsProp"/>.</summary>
public sealed record FusedRmsPropOptions : FusedOptimizerOptions
{
    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.01.</value>
    public override double Lr { get; init; } = 1e-2;

    /// <summary>Gets the decay of the mean of squares.</summary>
    /// <value>At least 0. The default is 0.99.</value>
    public double Alpha { get; init; } = 0.99;

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>At least 0. The default is 1e-8.</value>
    public double Eps { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.</value>
    public override double WeightDecay { get; init; }

    /// <summary>Gets the momentum.</summary>
    /// <value>At least 0. The default is 0: none.</value>
    public double Momentum { get; init; }

    /// <summary>Gets whether the mean of squares is centred, which makes it the variance.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool Centered { get; init; }

    internal override FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation) =>
        new FusedRmsProp(groups.Select(group => group.Resolve(this)), implementation, this);

    internal override string? Wrong() => base.Wrong()
        ?? (!(Alpha >= 0) ? $"Alpha is {Alpha}; it must be at least 0."
        : !(Eps >= 0) ? $"Eps is {Eps}; it must be at least 0."
        : !(Momentum >= 0) ? $"Momentum is {Momentum}; it must be at least 0."
        : null);
}
