using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Lets the learning rate fall to a lowest one along a power of the remaining steps: MMEngine's <c>PolyLR</c>.</summary>
public sealed record PolyLrOptions : PolyParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public PolyLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
