using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Lets the momentum, or the first beta, fall to a lowest one along a power of the remaining steps: MMEngine's <c>PolyMomentum</c>.</summary>
public sealed record PolyMomentumOptions : PolyParamSchedulerOptions
{
    /// <summary>Makes settings for the momentum.</summary>
    public PolyMomentumOptions()
        : base(OptimizerOption.Momentum)
    {
    }
}
