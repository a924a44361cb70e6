namespace Compat.Torch.Optim;

/// <summary>Settings of <see cref="FusedSgd"/>.</summary>
public sealed record FusedSgdOptions : FusedOptimizerOptions
{
    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.001.</value>
    public override double Lr { get; init; } = 1e-3;

    /// <summary>Gets the momentum.</summary>
    /// <value>At least 0. The default is 0: none.</value>
    public double Momentum { get; init; }

    /// <summary>Gets the dampening of the momentum.</summary>
    /// <value>The default is 0.</value>
    public double Dampening { get; init; }

    /// <inheritdoc/>
    /// <value>At least 0. The default is 0.</value>
    public override double WeightDecay { get; init; }

    /// <summary>Gets whether Nesterov's form is used.</summary>
    /// <value>The default is <see langword="false"/>. It needs a momentum and no dampening.</value>
    public bool Nesterov { get; init; }

    internal override FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation) =>
        new FusedSgd(groups.Select(group => group.Resolve(this)), implementation, this);

    internal override string? Wrong() => base.Wrong()
        ?? (!(Momentum >= 0) ? $"Momentum is {Momentum}; it must be at least 0."
        : Nesterov && (Momentum <= 0 || Dampening != 0) ? $"Nesterov needs a momentum above 0 and no dampening; Momentum is {Momentum}, Dampening is {Dampening}."
        : null);
}
