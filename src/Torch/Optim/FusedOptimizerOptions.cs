namespace Compat.Torch.Optim;

/// <summary>Settings that all our optimizers share. One record per optimizer.</summary>
public abstract record FusedOptimizerOptions
{
    /// <summary>Gets the learning rate.</summary>
    /// <value>At least 0.</value>
    public abstract double Lr { get; init; }

    /// <summary>Gets the weight decay.</summary>
    /// <value>At least 0.</value>
    public abstract double WeightDecay { get; init; }

    /// <summary>Gets whether weights go up the gradient instead of down.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool Maximize { get; init; }

    /// <summary>Makes the optimizer. These settings are its defaults, and those of every group that has none of its own.</summary>
    /// <param name="groups">The groups of parameters, at least one.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <returns>The optimizer; the caller owns it.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, a group is empty or has settings of another optimizer, or a parameter is listed twice.</exception>
    public FusedOptimizer Build(IEnumerable<ParameterGroup> groups, Implementation implementation = Implementation.Auto)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return Make(groups, implementation);
    }

    internal abstract FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation);

    /// <summary>Finds a setting that is out of range.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    internal virtual string? Wrong() =>
        !(Lr >= 0) ? $"Lr is {Lr}; it must be at least 0."
        : !(WeightDecay >= 0) ? $"WeightDecay is {WeightDecay}; it must be at least 0."
        : null;
}
