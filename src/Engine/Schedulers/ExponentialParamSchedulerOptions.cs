using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="ExponentialParamScheduler"/> for any option.</summary>
public record ExponentialParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public ExponentialParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets the factor of each step.</summary>
    /// <value>
    /// Any number. <see cref="ParamSchedulerOptions.ConvertToIterBased"/> leaves it as it is, so that it
    /// becomes the factor of an iteration, as in MMEngine.
    /// </value>
    public required double Gamma { get; init; }

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new ExponentialParamScheduler(groups, this);
}
