using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor every so many steps: MMEngine's <c>StepLR</c>.</summary>
public sealed record StepLrOptions : StepParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public StepLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
