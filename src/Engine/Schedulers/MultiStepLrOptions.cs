using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Settings of <see cref="MultiStepLr"/>.</summary>
public sealed record MultiStepLrOptions : ParamSchedulerOptions
{
    /// <summary>Gets the steps at which the learning rate is multiplied.</summary>
    /// <value>They must not decrease.</value>
    public required IReadOnlyList<int> Milestones { get; init; }

    /// <summary>Gets the factor.</summary>
    /// <value>The default is 0.1.</value>
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc/>
    public override ParamScheduler Build(IReadOnlyList<OptimizerGroup> groups) => new MultiStepLr(groups, this);
}
