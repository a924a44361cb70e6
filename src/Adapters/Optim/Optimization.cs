namespace Compat.Adapters.Optim;

/// <summary>What becomes of the hook that updates the weights when an old runner is trained on the engine.</summary>
public enum Optimization
{
    /// <summary>
    /// Translated where that is exact to the last line of the log: an <see cref="Compat.Legacy.OptimizerHook"/> itself, with no hook between the step and it. Any
    /// other one is kept: a derived one, one that looks for anomalous parameters, and those that accumulate or scale, which warn in MMCV's words.
    /// </summary>
    Automatic,

    /// <summary>Kept, always: the old hook updates the weights, and the engine's wrapper only keeps the loss. Exact by construction.</summary>
    KeepHooks,

    /// <summary>
    /// Translated: an <see cref="Compat.Engine.Optim.OptimWrapper"/> or <see cref="Compat.Engine.Optim.AmpOptimWrapper"/> updates the weights in place of any of
    /// MMCV's four optimizer hooks, bit for bit; warnings come in the engine's words. What changes is reported, what cannot be exact is refused.
    /// </summary>
    Translate,
}
