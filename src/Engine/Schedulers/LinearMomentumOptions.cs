using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the momentum, or the first beta, by a factor that changes evenly: MMEngine's <c>LinearMomentum</c>.</summary>
public sealed record LinearMomentumOptions : LinearParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public LinearMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
