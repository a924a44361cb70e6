using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Lets a value fall to a lowest one along a power of the remaining steps.</summary>
/// <remarks>
/// <para>The value at active step n is <c>eta_min + (initial - eta_min) · (1 - n / T)^power</c>, where <c>T = end step - begin step - 1</c> is the last active
/// step. It is computed from the present value, from step 1 on: <c>v ← (v - eta_min) · (1 - 1 / (T - n + 1))^power + eta_min</c>.</para>
/// <para>MMCV's policy of that name reaches the lowest value one step later. Source: MMEngine <c>PolyParamScheduler</c>.</para>
/// </remarks>
public class PolyParamScheduler : ParamScheduler
{
    private double etaMin;
    private double power;
    private int totalIters;

    /// <summary>Makes the schedule; <see cref="ParamSchedulerOptions.Build(IReadOnlyList{OptimizerGroup})"/> alone calls it.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="options">Power and lowest value, and when the schedule is active.</param>
    /// <exception cref="ArgumentException">The power is below 0, or a group lacks the option.</exception>
    protected internal PolyParamScheduler(IReadOnlyList<OptimizerGroup> groups, PolyParamSchedulerOptions options)
        : base(groups, options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SettingsCheck.OfOptions(Fault(options.Power));
        (etaMin, power) = (options.EtaMin, options.Power);
        totalIters = End - Begin - 1;
    }

    /// <inheritdoc/>
    protected override double Next(in GroupValue value) => LastStep == 0
        ? value.Current
        : ((value.Current - etaMin) * Math.Pow(1 - (1.0 / (totalIters - LastStep + 1)), power)) + etaMin;

    /// <inheritdoc/>
    protected override void SaveSettings(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state["eta_min"] = etaMin;
        state["power"] = power;
        state["total_iters"] = totalIters;
    }

    /// <inheritdoc/>
    protected override void LoadSettings(PthDict state)
    {
        SchedulerState read = new(state);
        (double lowest, double exponent, int total) = (read.Number("eta_min"), read.Number("power"), read.Int("total_iters", min: 0));
        SettingsCheck.OfState(Fault(exponent));
        (etaMin, power, totalIters) = (lowest, exponent, total);
    }

    private static string? Fault(double power) => power >= 0 ? null : FormattableString.Invariant(
        $"Power is {power}; it must be at least 0, since the last step raises 0 to it. Use 1 for a straight line, more for a faster fall at the beginning.");
}
