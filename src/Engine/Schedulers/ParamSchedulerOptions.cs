using Compat.Engine.Optim;
using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Which schedule to build, and when it is active. One record per schedule.</summary>
/// <remarks>A schedule of one's own is a record that derives from this one, and a <see cref="ParamScheduler"/> that only its <see cref="Create"/> makes.</remarks>
public abstract record ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    protected ParamSchedulerOptions(OptimizerOption option)
    {
        ArgumentNullException.ThrowIfNull(option);
        Option = option;
    }

    /// <summary>Gets which option of the optimizer is scheduled.</summary>
    public OptimizerOption Option { get; }

    /// <summary>Gets what a step is; <see cref="Begin"/> and <see cref="End"/> count it too.</summary>
    /// <value>The default is <see cref="ScheduleUnit.Epoch"/>.</value>
    public ScheduleUnit Unit { get; init; } = ScheduleUnit.Epoch;

    /// <summary>Gets the first step at which the schedule is active.</summary>
    /// <value>The default is 0.</value>
    public int Begin { get; init; }

    /// <summary>Gets the step at which the schedule stops being active.</summary>
    /// <value>
    /// Above <see cref="Begin"/>. The default is <see langword="null"/>: the number of epochs or iterations that the runner trains, so that what would come
    /// after the last one does not happen; unlimited without a runner, and for <see cref="ScheduleUnit.Update"/>.
    /// </value>
    public int? End { get; init; }

    /// <summary>Gets the name of the optimizer that is scheduled, where there are several.</summary>
    /// <value>The default is <see langword="null"/>: each of them.</value>
    public string? Optimizer { get; init; }

    /// <summary>Gets whether the runner counts in iterations what these options count in epochs; see <see cref="ToIterBased"/>.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool ConvertToIterBased { get; init; }

    /// <summary>Builds the schedule for groups and lets it make its first step.</summary>
    /// <param name="groups">The parameter groups that it drives.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or a group lacks the option.</exception>
    /// <exception cref="InvalidOperationException"><see cref="ConvertToIterBased"/> is set, which a runner alone can do.</exception>
    public ParamScheduler Build(IReadOnlyList<OptimizerGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (End <= Begin)
        {
            throw new ArgumentException(
                $"The schedule of '{Option}' has End {End} and Begin {Begin}; End must be larger. Where End is left out, it is the number of epochs or iterations "
                + "that the runner trains.");
        }

        if (ConvertToIterBased)
        {
            throw new InvalidOperationException(
                $"ConvertToIterBased is set for the schedule of '{Option}', but only a runner knows how long an epoch is. Call ToIterBased(epochLength) and build from "
                + "what it returns.");
        }

        ParamScheduler scheduler = Create(groups);
        scheduler.Start();
        return scheduler;
    }

    /// <summary>Builds the schedule for a wrapper: one for each of its members that <see cref="Optimizer"/> means.</summary>
    /// <param name="wrapper">The wrapper.</param>
    /// <returns>The schedules, in the order of the members.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, a group lacks the option, or there is no optimizer of that name.</exception>
    public IReadOnlyList<ParamScheduler> Build(BaseOptimWrapper wrapper)
    {
        ArgumentNullException.ThrowIfNull(wrapper);
        (string? Name, BaseOptimWrapper Wrapper)[] all =
            wrapper.Members.Count == 0 ? [(null, wrapper)] : [.. wrapper.Members.Select(member => ((string?)member.Key, member.Value))];
        (string? Name, BaseOptimWrapper Wrapper)[] meant = Optimizer is null ? all : [.. all.Where(one => one.Name == Optimizer)];
        if (meant.Length == 0)
        {
            string present = wrapper.Members.Count == 0
                ? "There is only one optimizer, without a name; leave Optimizer out."
                : $"Names present: {string.Join(", ", wrapper.Members.Keys)}.";
            throw new ArgumentException($"The schedule of '{Option}' is for an optimizer '{Optimizer}', which is not there. {present}");
        }

        return [.. meant.Select(one => BuildFor(one.Name, one.Wrapper))];
    }

    /// <summary>Counts in iterations what these options count in epochs, so that the value changes smoothly within an epoch.</summary>
    /// <param name="epochLength">The number of iterations in an epoch, at least 1.</param>
    /// <returns>The same schedule by iteration. These options stay as they are.</returns>
    /// <remarks>Source: MMEngine <c>build_iter_from_epoch</c>.</remarks>
    /// <exception cref="InvalidOperationException">The schedule does not count epochs.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is below 1.</exception>
    public ParamSchedulerOptions ToIterBased(int epochLength)
    {
        if (Unit != ScheduleUnit.Epoch)
        {
            throw new InvalidOperationException(
                $"The schedule of '{Option}' has Unit {Unit}; only one that counts epochs can be converted to iterations. Leave Unit, or the conversion, out.");
        }

        if (epochLength < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(epochLength), epochLength, $"The length of an epoch is {epochLength}; it must be at least 1. Give the number of batches of the training data.");
        }

        return Stretch(epochLength) with
        {
            Unit = ScheduleUnit.Iteration,
            Begin = checked(Begin * epochLength),
            End = End >= ParamScheduler.Unlimited ? End : checked(End * epochLength),
            ConvertToIterBased = false,
        };
    }

    /// <summary>Multiplies settings of the schedule's own that count epochs, such as milestones. The default has none.</summary>
    /// <param name="epochLength">The number of iterations in an epoch.</param>
    /// <returns>The options with these settings in iterations.</returns>
    protected virtual ParamSchedulerOptions Stretch(int epochLength) => this;

    /// <summary>Makes the schedule; its first step follows.</summary>
    /// <param name="groups">The parameter groups that it drives.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentException">A setting is out of range, or a group lacks the option.</exception>
    protected abstract ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups);

    private ParamScheduler BuildFor(string? name, BaseOptimWrapper wrapper)
    {
        ParamScheduler scheduler = Build(wrapper.ParamGroups);
        scheduler.Optimizer = name;
        scheduler.Wrapper = wrapper;
        return scheduler;
    }
}
