using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>AdamW: Adam whose weight decay <c>w ← w - lr · weightDecay · w</c> does not pass through the moments.</summary>
public sealed record AdamWOptions : OptimizerOptions
{
    /// <summary>Gets the learning rate.</summary>
    /// <value>At least 0. The default is 0.001.</value>
    public double Lr { get; init; } = 1e-3;

    /// <summary>Gets the decay of the first moment.</summary>
    /// <value>The default is 0.9.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Gets the decay of the second moment.</summary>
    /// <value>The default is 0.999.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Gets what is added to the denominator.</summary>
    /// <value>The default is 1e-8.</value>
    public double Eps { get; init; } = 1e-8;

    /// <summary>Gets the weight decay.</summary>
    /// <value>The default is 0.01.</value>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Gets how the update is computed.</summary>
    /// <value>The default is <see cref="Implementation.Auto"/>: one kernel for all parameters where there is one.</value>
    public Implementation Implementation { get; init; } = Implementation.Auto;

    /// <inheritdoc/>
    public override optim.Optimizer Build(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        FusedAdamWOptions options = new() { Lr = Lr, Beta1 = Beta1, Beta2 = Beta2, Eps = Eps, WeightDecay = WeightDecay };
        return new FusedAdamW(model.parameters(), options, Implementation);
    }
}
