using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Which scheduler to build, and when it is active.</summary>
public abstract record ParamSchedulerOptions
{
    /// <summary>Gets the first step at which the scheduler is active.</summary>
    /// <value>The default is 0.</value>
    public int Begin { get; init; }

    /// <summary>Gets the step at which the scheduler stops being active.</summary>
    /// <value>Above <see cref="Begin"/>. The default is <see cref="int.MaxValue"/>: never.</value>
    public int End { get; init; } = int.MaxValue;

    /// <summary>Gets whether a step is an epoch rather than an iteration.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ByEpoch { get; init; } = true;

    /// <summary>Builds the scheduler and lets it make its first step.</summary>
    /// <param name="groups">The parameter groups that it drives.</param>
    /// <returns>The scheduler.</returns>
    public abstract ParamScheduler Build(IReadOnlyList<OptimizerGroup> groups);
}
