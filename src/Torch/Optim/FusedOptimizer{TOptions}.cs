using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>A <see cref="FusedOptimizer"/> with settings of its own type.</summary>
/// <typeparam name="TOptions">The settings of a group.</typeparam>
public abstract class FusedOptimizer<TOptions> : FusedOptimizer
    where TOptions : FusedOptimizerOptions
{
    private protected FusedOptimizer(IEnumerable<ParameterGroup<TOptions>> groups, Implementation implementation, TOptions? defaults)
        : base(implementation)
    {
        ParameterGroup<TOptions>[] all = [.. groups];
        if (all.Length == 0)
        {
            throw new ArgumentException("The optimizer has no group of parameters. Give it at least one.", nameof(groups));
        }

        Defaults = defaults ?? all[0].Options;
        Check(Defaults);
        Array.ForEach(all, AddGroup);

        if (implementation == Implementation.Foreach && !HasListOperations)
        {
            throw new ArgumentException(
                $"There are no list operations for {GetType().Name}. Use Implementation.Auto, Fused or PerParameter.", nameof(implementation));
        }

        if (implementation == Implementation.Fused && !HasFusedKernel)
        {
            throw new ArgumentException(
                $"There is no fused kernel for {GetType().Name}. Use Implementation.Auto, Foreach or PerParameter.", nameof(implementation));
        }
    }

    /// <summary>Gets what holds for groups without settings of their own, and what schedules take for the optimizer's base values.</summary>
    public TOptions Defaults { get; }

    /// <summary>Adds parameters with settings of their own, for example of layers that were frozen so far.</summary>
    /// <param name="group">The group.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the optimizer holds a parameter already.</exception>
    public void AddGroup(ParameterGroup<TOptions> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        Check(group.Options);
        ParamGroup made = MakeGroup(group.Options);
        made.Parameters = group.Parameters;
        made.Options = LearningRateOf(group.Options);
        Add(made);
    }

    /// <summary>Adds parameters with the optimizer's <see cref="Defaults"/>, and a learning rate of their own if they bring one.</summary>
    /// <param name="param_group">The group, of any of TorchSharp's types.</param>
    /// <exception cref="ArgumentException">The group is empty, or the optimizer holds a parameter already.</exception>
    public override void add_param_group(ParamGroup param_group)
    {
        ArgumentNullException.ThrowIfNull(param_group);
        AddGroup(new(param_group.Parameters, Defaults));
        _parameter_groups[^1].LearningRate = param_group.Options?.LearningRate ?? Defaults.Lr;
    }

    internal override ParamGroup MakeDefaultsGroup()
    {
        ParamGroup made = MakeGroup(Defaults);
        made.Parameters = [];
        made.Options = LearningRateOf(Defaults);
        return made;
    }

    private static void Check(TOptions options)
    {
        if (options.Wrong() is { } wrong)
        {
            throw new ArgumentException(wrong, nameof(options));
        }
    }

    private static OptimizerOptions LearningRateOf(TOptions options) => new() { LearningRate = options.Lr, InitialLearningRate = options.Lr };

    /// <summary>Makes the group that holds settings which change while training, such as the momentum.</summary>
    private protected abstract ParamGroup MakeGroup(TOptions options);
}
