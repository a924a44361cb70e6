using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>How weights are updated, as both sides say it.</summary>
internal sealed record UpdateSettings
{
    public int Cumulative { get; init; } = 1;

    public double? MaxNorm { get; init; }

    public LossScale? Scale { get; init; }

    public bool LowersPrecision { get; init; }

    public bool Overflows { get; init; }

    public bool InTurn { get; init; }

    public OptimizerConfig? Hook => InTurn ? null
        : Scale is null && Cumulative == 1 ? new OptimizerConfig { GradClip = Clip }
        : Scale is null ? new GradientCumulativeOptimizerConfig { GradClip = Clip, CumulativeIters = Cumulative }
        : Cumulative == 1 ? new Fp16OptimizerConfig { GradClip = Clip, LossScale = Scale, Dtype = ScalarType.BFloat16 }
        : new GradientCumulativeFp16OptimizerConfig { GradClip = Clip, LossScale = Scale, Dtype = ScalarType.BFloat16, CumulativeIters = Cumulative };

    private GradClipConfig? Clip => MaxNorm is { } norm ? new GradClipConfig(norm) : null;

    public BaseOptimWrapperOptions Wrapper(FusedSgdOptions sgd) => InTurn
        ? new OptimWrapperDictOptions { ["first"] = new OptimWrapperOptions { Optimizer = sgd }, ["second"] = new OptimWrapperOptions { Optimizer = sgd } }
        : Scale is null
            ? new OptimWrapperOptions { Optimizer = sgd, AccumulativeCounts = Cumulative, ClipGrad = EngineClip }
            : new AmpOptimWrapperOptions { Optimizer = sgd, AccumulativeCounts = Cumulative, ClipGrad = EngineClip, LossScale = Scale, Autocast = LowersPrecision };

    private GradClipNormOptions? EngineClip => MaxNorm is { } norm ? new GradClipNormOptions { MaxNorm = norm } : null;
}
