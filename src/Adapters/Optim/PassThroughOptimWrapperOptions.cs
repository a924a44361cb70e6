using Compat.Engine.Optim;
using Compat.Legacy;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Builds the wrapper for a trainer whose weights are updated by a legacy hook or by the model itself.</summary>
/// <param name="Optimizer">The legacy optimizer, or several by name, or none.</param>
/// <param name="Owner">Who updates the weights, for the message.</param>
internal sealed record PassThroughOptimWrapperOptions(OptimizerSet? Optimizer, string Owner) : BaseOptimWrapperOptions
{
    public override BaseOptimWrapper Build(nn.Module model) => new PassThroughOptimWrapper(Optimizer, Owner);
}
