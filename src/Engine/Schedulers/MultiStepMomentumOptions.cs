using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the momentum, or the first beta, by a factor at given steps: MMEngine's <c>MultiStepMomentum</c>.</summary>
public sealed record MultiStepMomentumOptions : MultiStepParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public MultiStepMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
