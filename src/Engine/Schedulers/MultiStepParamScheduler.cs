using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor at given steps.</summary>
/// <remarks>
/// <c>v ← v · gamma^m</c> at each milestone, where m is how often it is listed. Milestones count from the schedule's own beginning. Source: MMEngine
/// <c>MultiStepParamScheduler</c>.
/// </remarks>
public class MultiStepParamScheduler : ParamScheduler
{
    private Dictionary<int, int> milestones;
    private double gamma;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">Steps and factor, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">The milestones decrease somewhere, one is below 0, or a group lacks the option.</exception>
    protected internal MultiStepParamScheduler(IReadOnlyList<OptimizerGroup> groups, MultiStepParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        StepList.Check(options.Milestones, "Milestones");
        if (options.Milestones is [< 0, ..])
        {
            throw new ArgumentException(
                $"Milestones is [{string.Join(", ", options.Milestones)}]; {options.Milestones[0]} is below 0 and never comes. "
                + "Write steps from 0 on, counted from Begin.",
                nameof(options));
        }

        milestones = options.Milestones.CountBy(milestone => milestone).ToDictionary();
        gamma = options.Gamma;
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) =>
        milestones.TryGetValue(LastStep, out int times) ? value.Current * Math.Pow(gamma, times) : value.Current;

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        PthDict counts = new(PthDictKind.Counter);
        foreach ((int milestone, int times) in milestones)
        {
            counts.Set(milestone, times);
        }

        state["milestones"] = counts;
        state["gamma"] = gamma;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state)
    {
        SchedulerState read = new(state);
        (milestones, gamma) = (read.Counts("milestones"), read.Number("gamma"));
    }
}
