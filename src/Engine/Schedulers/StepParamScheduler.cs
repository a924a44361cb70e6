using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor every so many steps.</summary>
/// <remarks><c>v ← v · gamma</c> at each active step that is a multiple of the step size, the first one left out. Source: MMEngine <c>StepParamScheduler</c>.</remarks>
public class StepParamScheduler : ParamScheduler
{
    private int stepSize;
    private double gamma;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">Step size and factor, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">The step size is below 1, or a group lacks the option.</exception>
    protected internal StepParamScheduler(IReadOnlyList<OptimizerGroup> groups, StepParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SettingsCheck.OfOptions(Fault(options.StepSize));
        (stepSize, gamma) = (options.StepSize, options.Gamma);
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) => LastStep > 0 && LastStep % stepSize == 0 ? value.Current * gamma : value.Current;

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state["step_size"] = stepSize;
        state["gamma"] = gamma;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state)
    {
        SchedulerState read = new(state);
        (int size, double factor) = (read.Int("step_size"), read.Number("gamma"));
        SettingsCheck.OfState(Fault(size));
        (stepSize, gamma) = (size, factor);
    }

    private static string? Fault(int stepSize) =>
        stepSize >= 1 ? null : FormattableString.Invariant($"StepSize is {stepSize}; it must be at least 1. Use 1 to multiply at every step.");
}
