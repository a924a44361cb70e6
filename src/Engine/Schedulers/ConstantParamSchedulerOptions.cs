using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="ConstantParamScheduler"/> for any option.</summary>
public record ConstantParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public ConstantParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets the factor.</summary>
    /// <value>Above 0 and at most 1. The default is a third.</value>
    public double Factor { get; init; } = 1.0 / 3;

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new ConstantParamScheduler(groups, this);
}
