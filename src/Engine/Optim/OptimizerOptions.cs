using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Which optimizer to build.</summary>
/// <remarks>
/// The settings of our optimizers (<see cref="FusedSgdOptions"/>, …) and optimizers that exist already are taken as they are:
/// <c>Optimizer = new FusedSgdOptions { Lr = 0.1 }</c>. Another way to make an optimizer is a record that derives from this one.
/// </remarks>
public abstract record OptimizerOptions
{
    /// <summary>Takes the settings of one of our optimizers.</summary>
    /// <param name="options">The settings.</param>
    public static implicit operator OptimizerOptions(FusedOptimizerOptions options) => new FusedOptimizerChoice(options);

    /// <summary>Takes an optimizer that exists already.</summary>
    /// <param name="optimizer">The optimizer, made over the model's parameters.</param>
    public static implicit operator OptimizerOptions(optim.Optimizer optimizer) => new BuiltOptimizer(optimizer);

    /// <summary>Takes the settings of one of our optimizers.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>The options.</returns>
    public static OptimizerOptions FromFusedOptimizerOptions(FusedOptimizerOptions options) => new FusedOptimizerChoice(options);

    /// <summary>Takes an optimizer that exists already.</summary>
    /// <param name="optimizer">The optimizer, made over the model's parameters.</param>
    /// <returns>The options.</returns>
    public static OptimizerOptions FromOptimizer(optim.Optimizer optimizer) => new BuiltOptimizer(optimizer);

    /// <summary>Makes the optimizer.</summary>
    /// <param name="groups">The groups of parameters, at least one. What a group leaves out is as these options say.</param>
    /// <returns>The optimizer; the caller owns it.</returns>
    public abstract optim.Optimizer Build(IReadOnlyList<ParameterGroup> groups);

    /// <summary>Makes the optimizer over all parameters of a model, frozen ones included, as one group.</summary>
    /// <param name="model">The model, already on its device.</param>
    /// <returns>The optimizer; the caller owns it.</returns>
    public optim.Optimizer Build(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Build([new ParameterGroup(model.parameters())]);
    }
}
