using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor at every step.</summary>
/// <remarks><c>v ← v · gamma</c> at each active step but the first. Source: MMEngine <c>ExponentialParamScheduler</c>.</remarks>
public class ExponentialParamScheduler : ParamScheduler
{
    private double gamma;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">The factor, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">A group lacks the option.</exception>
    protected internal ExponentialParamScheduler(IReadOnlyList<OptimizerGroup> groups, ExponentialParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        gamma = options.Gamma;
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) => LastStep == 0 ? value.Current : value.Current * gamma;

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state["gamma"] = gamma;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state) => gamma = new SchedulerState(state).Number("gamma");
}
