namespace Compat.Torch.Optim;

/// <summary>Settings of <see cref="FusedAdamW"/>: those of Adam, with a weight decay of 0.01 by default.</summary>
public sealed record FusedAdamWOptions : FusedAdamOptions
{
    /// <summary>Makes settings with the defaults of AdamW.</summary>
    public FusedAdamWOptions() => WeightDecay = 0.01;

    internal override FusedOptimizer Make(IEnumerable<ParameterGroup> groups, Implementation implementation) =>
        new FusedAdamW(groups.Select(group => group.Resolve(this)), implementation, this);
}
