using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor at given steps: MMEngine's <c>MultiStepLR</c>.</summary>
public sealed record MultiStepLrOptions : MultiStepParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public MultiStepLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
