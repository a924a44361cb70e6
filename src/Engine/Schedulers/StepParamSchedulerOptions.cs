using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="StepParamScheduler"/> for any option.</summary>
public record StepParamSchedulerOptions : ParamSchedulerOptions
{
    /// <summary>Takes what is scheduled.</summary>
    /// <param name="option">The option of the optimizer.</param>
    public StepParamSchedulerOptions(OptimizerOption option)
        : base(option)
    {
    }

    /// <summary>Gets how many steps there are between two multiplications.</summary>
    /// <value>At least 1. Counted in epochs, it is converted with the rest by <see cref="ParamSchedulerOptions.ConvertToIterBased"/>.</value>
    public required int StepSize { get; init; }

    /// <summary>Gets the factor.</summary>
    /// <value>The default is 0.1.</value>
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc/>
    protected override ParamSchedulerOptions Stretch(int epochLength) => this with { StepSize = checked(StepSize * epochLength) };

    /// <inheritdoc/>
    protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new StepParamScheduler(groups, this);
}
