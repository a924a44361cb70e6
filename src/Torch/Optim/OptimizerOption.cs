namespace Compat.Torch.Optim;

/// <summary>A number that each group of an optimizer has, and that schedules may change.</summary>
/// <param name="Name">PyTorch's name of it, such as <c>lr</c> or <c>weight_decay</c>. Any number among the optimizer's settings may be named.</param>
/// <remarks>Source: <c>param_name</c> of MMEngine's schedulers.</remarks>
public sealed record OptimizerOption(string Name)
{
    /// <summary>Gets the learning rate: <c>lr</c>.</summary>
    public static OptimizerOption Lr { get; } = new("lr");

    /// <summary>Gets the momentum: <c>momentum</c>, and the first of the <c>betas</c> of an optimizer that has these, as in MMEngine.</summary>
    public static OptimizerOption Momentum { get; } = new("momentum");

    /// <summary>Gets the weight decay: <c>weight_decay</c>.</summary>
    public static OptimizerOption WeightDecay { get; } = new("weight_decay");

    /// <summary>Gets what is added to the denominator: <c>eps</c>.</summary>
    public static OptimizerOption Eps { get; } = new("eps");

    /// <summary>Finds the option in a group.</summary>
    /// <param name="group">The group, or an optimizer's group of defaults.</param>
    /// <returns>Its value there, to be read and set.</returns>
    /// <exception cref="ArgumentException">The group has no such option; the message lists what there is.</exception>
    public OptimizerValue In(OptimizerGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.Find(this);
    }

    /// <summary>Gives the name.</summary>
    /// <returns>PyTorch's name.</returns>
    public override string ToString() => Name;
}
