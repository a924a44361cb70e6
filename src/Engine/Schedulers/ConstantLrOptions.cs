using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor until the schedule ends: MMEngine's <c>ConstantLR</c>.</summary>
public sealed record ConstantLrOptions : ConstantParamSchedulerOptions
{
    /// <summary>Makes settings for the learning rate.</summary>
    public ConstantLrOptions()
        : base(OptimizerOption.Lr)
    {
    }
}
