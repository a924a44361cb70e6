using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>An optimizer that exists already. Whoever made it disposes it.</summary>
/// <param name="Optimizer">The optimizer, made over the model's parameters. Borrowed.</param>
public sealed record BuiltOptimizer(optim.Optimizer Optimizer) : OptimizerOptions
{
    /// <inheritdoc/>
    public override optim.Optimizer Build(nn.Module model) => Optimizer;
}
