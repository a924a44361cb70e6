using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="MultiStepParamScheduler"/> for any option.</summary>
public record MultiStepParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public MultiStepParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets the steps at which the value is multiplied, counted from the schedule's own beginning.</summary>
    /// <value>At least 0 each; they must not decrease. A step listed twice multiplies twice.</value>
    public required IReadOnlyList<int> Milestones { get; init; }

    /// <summary>Gets the factor.</summary>
    /// <value>The default is 0.1.</value>
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc/>
    protected override ParamSchedulerOptions Stretch(int epochLength) =>
        this with { Milestones = [.. Milestones.Select(milestone => checked(milestone * epochLength))] };

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new MultiStepParamScheduler(groups, this);
}
