namespace Compat.Torch.Optim;

/// <summary>Settings of <see cref="FusedAdam"/>.</summary>
public record FusedAdamOptions : FusedOptimizerOptions
{
    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.001.</value>
    public override double Lr { get; init; } = 1e-3;

    /// <summary>Gets the decay of the first moment.</summary>
    /// <value>From 0 to below 1. The default is 0.9.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Gets the decay of the second moment.</summary>
    /// <value>From 0 to below 1. The default is 0.999.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>At least 0. The default is 1e-8.</value>
    public double Eps { get; init; } = 1e-8;

    /// <inheritdoc/>
    /// <value>At least 0. The default is 0 for Adam, 0.01 for AdamW.</value>
    public override double WeightDecay { get; init; }

    /// <summary>Gets whether the largest second moment so far is used.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool Amsgrad { get; init; }

    internal override FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation) =>
        new FusedAdam(groups.Select(group => group.Resolve(this)), implementation, this);

    internal override string? Wrong() => base.Wrong()
        ?? (Beta1 is not (>= 0 and < 1) ? $"Beta1 is {Beta1}; it must be from 0 to below 1."
        : Beta2 is not (>= 0 and < 1) ? $"Beta2 is {Beta2}; it must be from 0 to below 1."
        : !(Eps >= 0) ? $"Eps is {Eps}; it must be at least 0."
        : null);
}
