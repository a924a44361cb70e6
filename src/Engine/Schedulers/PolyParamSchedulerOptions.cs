using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="PolyParamScheduler"/> for any option.</summary>
public record PolyParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public PolyParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets the power of the remaining share of steps.</summary>
    /// <value>At least 0. The default is 1: a straight line.</value>
    public double Power { get; init; } = 1;

    /// <summary>Gets the lowest value, which the last active step reaches.</summary>
    /// <value>The default is 0. It is the same in every group.</value>
    public double EtaMin { get; init; }

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new PolyParamScheduler(groups, this);
}
