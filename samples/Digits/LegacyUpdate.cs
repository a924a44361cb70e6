using Compat.Legacy;
using Compat.Torch.Amp;

namespace Digits;

/// <summary>How the old trainer updates its weights: one of MMCV's four optimizer hooks.</summary>
internal static class LegacyUpdate
{
    public static OptimizerConfig Config(DigitsSettings settings) => settings switch
    {
        { Amp: true, Accumulate: > 1 } => new GradientCumulativeFp16OptimizerConfig
        {
            CumulativeIters = settings.Accumulate,
            Dtype = settings.HalfPrecision,
            LossScale = LossScale.Dynamic,
        },
        { Amp: true } => new Fp16OptimizerConfig { Dtype = settings.HalfPrecision, LossScale = LossScale.Dynamic },
        { Accumulate: > 1 } => new GradientCumulativeOptimizerConfig { CumulativeIters = settings.Accumulate },
        _ => new OptimizerConfig(),
    };
}
