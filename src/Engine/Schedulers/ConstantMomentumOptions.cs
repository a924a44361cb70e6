using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the momentum, or the first beta, by a factor until the schedule ends: MMEngine's <c>ConstantMomentum</c>.</summary>
public sealed record ConstantMomentumOptions : ConstantParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public ConstantMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
