using Compat.Torch.Optim;
using Compat.Torch.Training;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies a value by a factor at given steps.</summary>
/// <remarks>
/// <c>v ← v · gamma^m</c> at each milestone, where m is how often it is listed. Milestones count from the scheduler's own beginning. Source: MMEngine
/// <c>MultiStepParamScheduler</c>.
/// </remarks>
public class MultiStepParamScheduler : ParamScheduler
{
    private readonly Dictionary<int, int> milestones;
    private readonly double gamma;

    /// <summary>Makes the scheduler.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="parameter">The value to change.</param>
    /// <param name="milestones">The steps; they must not decrease.</param>
    /// <param name="gamma">The factor.</param>
    /// <param name="options">When the scheduler is active.</param>
    /// <exception cref="ArgumentException">The milestones decrease somewhere.</exception>
    public MultiStepParamScheduler(
        IReadOnlyList<OptimizerGroup> groups,
        ScheduledParameter parameter,
        IReadOnlyList<int> milestones,
        double gamma,
        ParamSchedulerOptions options)
        : base(groups, parameter, options)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        StepList.Check(milestones, "Milestones");
        this.milestones = milestones.CountBy(milestone => milestone).ToDictionary();
        this.gamma = gamma;
        Step();
    }

    /// <inheritdoc/>
    protected override double Next(double current) =>
        milestones.TryGetValue(LastStep, out int times) ? current * Math.Pow(gamma, times) : current;
}
