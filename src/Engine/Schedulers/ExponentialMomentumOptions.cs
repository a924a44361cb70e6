using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the momentum, or the first beta, by a factor at every step: MMEngine's <c>ExponentialMomentum</c>.</summary>
public sealed record ExponentialMomentumOptions : ExponentialParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public ExponentialMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
