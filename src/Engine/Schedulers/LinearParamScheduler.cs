using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor that changes evenly from step to step.</summary>
/// <remarks>
/// <para>The factor at active step n is <c>start + (end - start) · n / T</c>, where <c>T = end step - begin step - 1</c> is the last active step. It is
/// computed from the present value: <c>v ← v · start</c> at step 0, then
/// <c>v ← v · (1 + (end - start) / (T · start + (n - 1) · (end - start)))</c>.</para>
/// <para>A schedule of a single step stays at the first factor, and one without an end hardly moves from it. Source: MMEngine <c>LinearParamScheduler</c>.</para>
/// </remarks>
public class LinearParamScheduler : ParamScheduler
{
    private double startFactor;
    private double endFactor;
    private int totalIters;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">The factors, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">A factor is out of range, or a group lacks the option.</exception>
    protected internal LinearParamScheduler(IReadOnlyList<OptimizerGroup> groups, LinearParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SettingsCheck.OfOptions(Fault(options.StartFactor, options.EndFactor));
        (startFactor, endFactor) = (options.StartFactor, options.EndFactor);
        totalIters = End - Begin - 1;
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) => LastStep == 0
        ? value.Current * startFactor
        : value.Current * (1.0 + ((endFactor - startFactor) / ((totalIters * startFactor) + ((LastStep - 1) * (endFactor - startFactor)))));

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state["start_factor"] = startFactor;
        state["end_factor"] = endFactor;
        state["total_iters"] = totalIters;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state)
    {
        SchedulerState read = new(state);
        (double start, double end, int total) = (read.Number("start_factor"), read.Number("end_factor"), read.Int("total_iters", min: 0));
        SettingsCheck.OfState(Fault(start, end));
        (startFactor, endFactor, totalIters) = (start, end, total);
    }

    private static string? Fault(double start, double end) =>
        start is not (> 0 and <= 1) ? FormattableString.Invariant(
            $"StartFactor is {start}; it must be above 0 and at most 1, since each value is computed from the one before. Use 0.001 to begin near 0.")
        : end is not (>= 0 and <= 1) ? FormattableString.Invariant(
            $"EndFactor is {end}; it must be between 0 and 1. Give the optimizer the highest value, and use 1 for it.")
        : null;
}
