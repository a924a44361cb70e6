using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor at every step: MMEngine's <c>ExponentialLR</c>.</summary>
public sealed record ExponentialLrOptions : ExponentialParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public ExponentialLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
