using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the momentum, or the first beta, by a factor every so many steps: MMEngine's <c>StepMomentum</c>.</summary>
public sealed record StepMomentumOptions : StepParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public StepMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
