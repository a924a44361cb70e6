namespace Compat.Adapters.Optim;

/// <summary>What becomes of the hook that updates the weights when an old runner is trained on the engine.</summary>
public enum Optimization
{
    /// <summary>
    /// Translated where that is exact: an <see cref="Compat.Legacy.OptimizerHook"/> itself, with no hook between the step and it. Any other one (derived,
    /// accumulating, for half precision) is kept.
    /// </summary>
    Automatic,

    /// <summary>Kept, always: the old hook updates the weights, and the engine's wrapper only keeps the loss. Exact by construction.</summary>
    KeepHooks,

    /// <summary>Translated: the engine's wrapper updates the weights. What changes is reported, what cannot be exact is refused.</summary>
    Translate,
}
