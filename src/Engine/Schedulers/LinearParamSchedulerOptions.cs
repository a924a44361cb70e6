using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="LinearParamScheduler"/> for any option.</summary>
public record LinearParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public LinearParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets the factor at the first active step.</summary>
    /// <value>Above 0 and at most 1. The default is a third.</value>
    public double StartFactor { get; init; } = 1.0 / 3;

    /// <summary>Gets the factor at the last active step, which is the one before <see cref="ParamSchedulerOptions.End"/>.</summary>
    /// <value>Between 0 and 1. The default is 1.</value>
    public double EndFactor { get; init; } = 1;

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new LinearParamScheduler(groups, this);
}
