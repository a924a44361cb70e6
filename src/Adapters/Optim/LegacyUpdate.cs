using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>What MMCV's four optimizer hooks are to the engine. A hook derived from one of them does what only its author knows.</summary>
internal static class LegacyUpdate
{
    /// <summary>Tells whether a hook is one of the four itself.</summary>
    public static bool IsKnown(Hook hook) =>
        hook.GetType() == typeof(OptimizerHook)
        || hook.GetType() == typeof(GradientCumulativeOptimizerHook)
        || hook.GetType() == typeof(Fp16OptimizerHook)
        || hook.GetType() == typeof(GradientCumulativeFp16OptimizerHook);

    /// <summary>Gets how many iterations add up their gradients.</summary>
    public static int CumulativeItersOf(OptimizerHook hook) => CumulativeConfigOf(hook) ?? 1;

    /// <summary>Makes the wrapper that does what a hook does.</summary>
    /// <param name="hook">One of the four.</param>
    /// <param name="legacy">Its runner, with one optimizer.</param>
    /// <param name="model">The model.</param>
    /// <returns>The wrapper; the caller owns it.</returns>
    public static BaseOptimWrapper Translate(OptimizerHook hook, BaseRunner legacy, nn.Module model) => hook is Fp16OptimizerHook half
        ? new LegacyAmpOptimWrapper(ScaledOptions(half, legacy), model, legacy, half)
        : new LegacyOptimWrapper(Options(hook, legacy), model, legacy);

    // A hook that accumulates clears after its step, and not before its first backward; the others clear before each backward, and leave gradients in place.
    private static OptimWrapperOptions Options(OptimizerHook hook, BaseRunner legacy) => new()
    {
        Optimizer = legacy.Optimizer!.Single,
        AccumulativeCounts = CumulativeItersOf(hook),
        ClipGrad = ClipOf(hook),
        ZeroGradTiming = TimingOf(hook),
        SetToNone = !legacy.Options.Behavior.ZeroFilledGradients,
    };

    private static AmpOptimWrapperOptions ScaledOptions(Fp16OptimizerHook hook, BaseRunner legacy) => new()
    {
        Optimizer = legacy.Optimizer!.Single,
        AccumulativeCounts = CumulativeItersOf(hook),
        ClipGrad = ClipOf(hook),
        ZeroGradTiming = TimingOf(hook),
        SetToNone = !legacy.Options.Behavior.ZeroFilledGradients,
        LossScale = ((Fp16OptimizerConfig)hook.Config).LossScale,
        Autocast = false,                                             // modules switch themselves (Fp16.Auto), as the hook tells them before the run
    };

    private static GradClipNormOptions? ClipOf(OptimizerHook hook) => hook.Config.GradClip is { } clip
        ? new() { MaxNorm = clip.MaxNorm, NormType = clip.NormType, ErrorIfNonfinite = clip.ErrorIfNonfinite }
        : null;

    private static ZeroGradTiming TimingOf(OptimizerHook hook) => CumulativeConfigOf(hook) is null ? ZeroGradTiming.BeforeBackward : ZeroGradTiming.AfterStep;

    private static int? CumulativeConfigOf(OptimizerHook hook) => hook.Config switch
    {
        GradientCumulativeOptimizerConfig config => config.CumulativeIters,
        GradientCumulativeFp16OptimizerConfig config => config.CumulativeIters,
        _ => null,
    };
}
