using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>Parameters of an optimizer, with what makes their settings differ from the optimizer's defaults.</summary>
/// <param name="Parameters">The parameters, at least one. Borrowed.</param>
[HoldsTensors("owner: the model, whose parameters these are")]
public sealed record ParameterGroup(IEnumerable<Parameter> Parameters)
{
    /// <summary>Gets the learning rate.</summary>
    /// <value>At least 0. The default is <see langword="null"/>: that of <see cref="Options"/>.</value>
    public double? Lr { get; init; }

    /// <summary>Gets the weight decay.</summary>
    /// <value>At least 0. The default is <see langword="null"/>: that of <see cref="Options"/>.</value>
    public double? WeightDecay { get; init; }

    /// <summary>Gets all settings, in place of the optimizer's defaults.</summary>
    /// <value>Settings of the same kind of optimizer. The default is <see langword="null"/>: the optimizer's defaults.</value>
    public FusedOptimizerOptions? Options { get; init; }

    /// <summary>Gets whether anything differs from the optimizer's defaults.</summary>
    public bool IsSpecial => Lr is not null || WeightDecay is not null || Options is not null;

    /// <summary>Gives the group its full settings.</summary>
    /// <exception cref="ArgumentException">Its settings are those of another optimizer.</exception>
    internal ParameterGroup<TOptions> Resolve<TOptions>(TOptions defaults)
        where TOptions : FusedOptimizerOptions
    {
        FusedOptimizerOptions own = Options ?? defaults;
        return own.GetType() == defaults.GetType()
            ? new(Parameters, (TOptions)(own with { Lr = Lr ?? own.Lr, WeightDecay = WeightDecay ?? own.WeightDecay }))
            : throw new ArgumentException(
                $"A group of parameters has {own.GetType().Name}, but the optimizer is built from {defaults.GetType().Name}. Give the group settings of the same "
                + "kind, or only Lr and WeightDecay.");
    }
}
