using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor until the schedule ends.</summary>
/// <remarks>
/// <para><c>v ← v · factor</c> at active step 0 and <c>v ← v · (1 / factor)</c> at step <c>end - begin - 1</c>.</para>
/// <para>So the full value is back at the last active step already. A schedule of a single step multiplies and is never undone, as in MMEngine. Source:
/// MMEngine <c>ConstantParamScheduler</c>.</para>
/// </remarks>
public class ConstantParamScheduler : ParamScheduler
{
    private double factor;
    private int totalIters;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">The factor, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">The factor is out of range, or a group lacks the option.</exception>
    protected internal ConstantParamScheduler(IReadOnlyList<OptimizerGroup> groups, ConstantParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SettingsCheck.OfOptions(Fault(options.Factor));
        factor = options.Factor;
        totalIters = End - Begin - 1;
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) =>
        LastStep == 0 ? value.Current * factor
        : LastStep == totalIters ? value.Current * (1.0 / factor)
        : value.Current;

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state["factor"] = factor;
        state["total_iters"] = totalIters;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state)
    {
        SchedulerState read = new(state);
        (double loaded, int total) = (read.Number("factor"), read.Int("total_iters", min: 0));
        SettingsCheck.OfState(Fault(loaded));
        (factor, totalIters) = (loaded, total);
    }

    private static string? Fault(double factor) => factor is > 0 and <= 1 ? null : FormattableString.Invariant(
        $"Factor is {factor}; it must be above 0 and at most 1, since the value is divided by it when the schedule ends. Use 0.5 for half the value.");
}
