using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>An optimizer that exists already. Whoever made it disposes it.</summary>
/// <param name="Optimizer">The optimizer, made over the model's parameters. Borrowed.</param>
public sealed record BuiltOptimizer(optim.Optimizer Optimizer) : OptimizerOptions
{
    /// <summary>Gives the optimizer as it is; its own groups hold.</summary>
    /// <param name="groups">Groups without settings of their own.</param>
    /// <returns>The optimizer. Borrowed.</returns>
    /// <exception cref="ArgumentException">A group has settings of its own, which would get lost.</exception>
    public override optim.Optimizer Build(IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        return groups.Any(group => group.IsSpecial)
            ? throw new ArgumentException(
                $"{Optimizer.GetType().Name} exists already and has its groups; groups with settings of their own cannot be given to it. "
                + "Give the settings of an optimizer, such as new FusedSgdOptions { … }, or make the groups where you make the optimizer.",
                nameof(groups))
            : Optimizer;
    }
}
