using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Changes a value of the parameter groups step by step, starting from whatever the value is now.</summary>
/// <remarks>
/// Schedulers multiply the current value rather than set it, so several of them compose. The constructor makes the first step. Active steps are
/// those with <c>begin ≤ step &lt; end</c>; a scheduler counts only these. Source: MMEngine <c>_ParamScheduler</c>.
/// </remarks>
public abstract class ParamScheduler
{
    private readonly IReadOnlyList<OptimizerGroup> groups;
    private readonly int begin;
    private readonly int end;
    private int globalStep = -1;

    /// <summary>Takes the groups and remembers their initial values. The derived constructor ends with <see cref="Step"/>.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="parameter">The value to change.</param>
    /// <param name="options">When the scheduler is active.</param>
    /// <exception cref="ArgumentException">The end is not behind the beginning.</exception>
    protected ParamScheduler(IReadOnlyList<OptimizerGroup> groups, ScheduledParameter parameter, ParamSchedulerOptions options)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(options);
        if (options.End <= options.Begin)
        {
            throw new ArgumentException(
                $"The scheduler's End is {options.End} and its Begin {options.Begin}; End must be larger. Leave End out for a scheduler without end.",
                nameof(options));
        }

        this.groups = groups;
        begin = options.Begin;
        end = options.End;
        Parameter = parameter;
        ByEpoch = options.ByEpoch;
        foreach (OptimizerGroup group in groups)
        {
            group.InitialLr ??= group.Lr;
        }
    }

    /// <summary>Gets which value is changed.</summary>
    public ScheduledParameter Parameter { get; }

    /// <summary>Gets whether a step is an epoch rather than an iteration.</summary>
    public bool ByEpoch { get; }

    /// <summary>Gets the number of the last active step; -1 before the first.</summary>
    public int LastStep { get; private set; } = -1;

    /// <summary>Goes one step on and, if active, changes the values.</summary>
    public void Step()
    {
        globalStep++;
        if (globalStep < begin || globalStep >= end)
        {
            return;
        }

        LastStep++;
        foreach (OptimizerGroup group in groups)
        {
            group.Lr = Next(group.Lr);
        }
    }

    /// <summary>Computes the value at <see cref="LastStep"/> from the one before.</summary>
    /// <param name="current">The present value of a group.</param>
    /// <returns>The next value.</returns>
    protected abstract double Next(double current);
}
