using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor that changes evenly, for example to warm up: MMEngine's <c>LinearLR</c>.</summary>
public sealed record LinearLrOptions : LinearParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public LinearLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
