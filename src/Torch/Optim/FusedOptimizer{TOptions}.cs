using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>A <see cref="FusedOptimizer"/> with settings of its own type.</summary>
/// <typeparam name="TOptions">The settings of a group.</typeparam>
public abstract class FusedOptimizer<TOptions> : FusedOptimizer
    where TOptions : FusedOptimizerOptions
{
    private protected FusedOptimizer(IEnumerable<ParameterGroup<TOptions>> groups, Implementation implementation)
        : base(implementation)
    {
        foreach (ParameterGroup<TOptions> group in groups)
        {
            if (group.Options.Wrong() is { } wrong)
            {
                throw new ArgumentException(wrong, nameof(groups));
            }

            // The first group's settings are what a schedule takes for the optimizer's defaults.
            _defaults ??= new OptimizerOptions { LearningRate = group.Options.Lr, InitialLearningRate = group.Options.Lr };
            ParamGroup made = MakeGroup(group.Options);
            made.Parameters = group.Parameters;
            made.Options = new OptimizerOptions { LearningRate = group.Options.Lr, InitialLearningRate = group.Options.Lr };
            Add(made);
        }

        if (_defaults is null)
        {
            throw new ArgumentException("The optimizer has no group of parameters. Give it at least one.", nameof(groups));
        }

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

    /// <summary>Makes the group that holds settings which change while training, such as the momentum.</summary>
    private protected abstract ParamGroup MakeGroup(TOptions options);
}
