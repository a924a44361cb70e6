namespace Compat.Torch.Optim;

/// <summary>Settings of <see cref="FusedAdagrad"/>.</summary>
public sealed record FusedAdagradOptions : FusedOptimizerOptions
{
    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.01.</value>
    public override double Lr { get; init; } = 1e-2;

    /// <summary>Gets how fast the learning rate falls with the number of updates.</summary>
    /// <value>At least 0. The default is 0.</value>
    public double LrDecay { get; init; }

    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.</value>
    public override double WeightDecay { get; init; }

    /// <summary>Gets what the sums of squares begin with.</summary>
    /// <value>At least 0. The default is 0.</value>
    public double InitialAccumulatorValue { get; init; }

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>At least 0. The default is 1e-10.</value>
    public double Eps { get; init; } = 1e-10;

    internal override FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation) =>
        new FusedAdagrad(groups.Select(group => group.Resolve(this)), implementation, this);

    internal override string? Wrong() => base.Wrong()
        ?? (!(LrDecay >= 0) ? $"LrDecay is {LrDecay}; it must be at least 0."
        : !(InitialAccumulatorValue >= 0) ? $"InitialAccumulatorValue is {InitialAccumulatorValue}; it must be at least 0."
        : !(Eps >= 0) ? $"Eps is {Eps}; it must be at least 0."
        : null);
}
