using Compat.Engine.Optim;
using Compat.Legacy;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>Each strategy of optimization as the old hook's settings, and, in the same place, as the new wrapper's.</summary>
internal static class Strategies
{
    public static OptimizerConfig[] Old =>
    [
        new OptimizerConfig(),
        new OptimizerConfig { GradClip = new(MaxNorm: 0.5) },
        new GradientCumulativeOptimizerConfig { CumulativeIters = 3 },
        new Fp16OptimizerConfig { LossScale = 512 },
        new GradientCumulativeFp16OptimizerConfig
        {
            CumulativeIters = 3,
            LossScale = 512,
        },
    ];

    public static OptimWrapperOptions[] New(OptimizerOptions sgd) =>
    [
        new OptimWrapperOptions { Optimizer = sgd },
        new OptimWrapperOptions
        {
            Optimizer = sgd,
            ClipGrad = new GradClipNormOptions { MaxNorm = 0.5 },
        },
        new OptimWrapperOptions { Optimizer = sgd, AccumulativeCounts = 3 },
        new AmpOptimWrapperOptions
        {
            Optimizer = sgd,
            LossScale = 512,
            Autocast = false,
        },
        new AmpOptimWrapperOptions
        {
            Optimizer = sgd,
            AccumulativeCounts = 3,
            LossScale = 512,
            Autocast = false,
        },
    ];
}
