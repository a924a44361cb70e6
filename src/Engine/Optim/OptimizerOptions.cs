using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Which optimizer to build. One record per optimizer; <see cref="BuiltOptimizer"/> for one that exists already.</summary>
public abstract record OptimizerOptions
{
    /// <summary>Takes an optimizer that exists already.</summary>
    /// <param name="optimizer">The optimizer, made over the model's parameters.</param>
    public static implicit operator OptimizerOptions(optim.Optimizer optimizer) => new BuiltOptimizer(optimizer);

    /// <summary>Takes an optimizer that exists already.</summary>
    /// <param name="optimizer">The optimizer, made over the model's parameters.</param>
    /// <returns>The options.</returns>
    public static OptimizerOptions FromOptimizer(optim.Optimizer optimizer) => new BuiltOptimizer(optimizer);

    /// <summary>Makes the optimizer over all parameters of a model, frozen ones included.</summary>
    /// <param name="model">The model, already on its device.</param>
    /// <returns>The optimizer; the caller owns it.</returns>
    public abstract optim.Optimizer Build(nn.Module model);
}
