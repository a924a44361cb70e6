using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>
/// Stochastic gradient descent: <c>b ← momentum · b + (1 - dampening) · (g + weightDecay · w)</c>, <c>w ← w - lr · b</c>; with Nesterov
/// <c>w ← w - lr · (g + momentum · b)</c>.
/// </summary>
public sealed record SgdOptions : OptimizerOptions
{
    /// <summary>Gets the learning rate.</summary>
    /// <value>At least 0.</value>
    public required double Lr { get; init; }

    /// <summary>Gets the momentum.</summary>
    /// <value>The default is 0: none.</value>
    public double Momentum { get; init; }

    /// <summary>Gets the dampening of the momentum.</summary>
    /// <value>The default is 0.</value>
    public double Dampening { get; init; }

    /// <summary>Gets the weight decay.</summary>
    /// <value>The default is 0.</value>
    public double WeightDecay { get; init; }

    /// <summary>Gets whether Nesterov's form is used.</summary>
    /// <value>The default is <see langword="false"/>. It needs a momentum and no dampening.</value>
    public bool Nesterov { get; init; }

    /// <summary>Gets how the update is computed.</summary>
    /// <value>The default is <see cref="Implementation.Auto"/>: one kernel for all parameters where there is one.</value>
    public Implementation Implementation { get; init; } = Implementation.Auto;

    /// <inheritdoc/>
    public override optim.Optimizer Build(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        FusedSgdOptions options = new() { Lr = Lr, Momentum = Momentum, Dampening = Dampening, WeightDecay = WeightDecay, Nesterov = Nesterov };
        return new FusedSgd(model.parameters(), options, Implementation);
    }
}
