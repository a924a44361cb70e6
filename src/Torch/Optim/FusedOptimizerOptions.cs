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

    /// <summary>Finds a setting that is out of range.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    internal virtual string? Wrong() =>
        !(Lr >= 0) ? $"Lr is {Lr}; it must be at least 0."
        : !(WeightDecay >= 0) ? $"WeightDecay is {WeightDecay}; it must be at least 0."
        : null;
}
