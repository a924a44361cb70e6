using Compat.Engine.Optim;
using Compat.Legacy;

namespace Compat.Adapters.Optim;

/// <summary>Finds the optimizers behind the engine's wrappers, as the old side names them.</summary>
internal static class WrappedOptimizers
{
    /// <summary>Gives the optimizer of a wrapper, or those of a dictionary of wrappers by name.</summary>
    /// <param name="wrapper">The wrapper.</param>
    /// <returns>The optimizers; <see langword="null"/> if they are not known.</returns>
    public static OptimizerSet? Of(BaseOptimWrapper wrapper) => wrapper switch
    {
        DeferredOptimWrapper deferred => deferred.Optimizer,
        OptimWrapper single => new OptimizerSet(single.Optimizer),
        OptimWrapperDict several => new OptimizerSet(several.Select(entry => KeyValuePair.Create(entry.Key, ((OptimWrapper)entry.Value).Optimizer))),
        _ => null,
    };
}
