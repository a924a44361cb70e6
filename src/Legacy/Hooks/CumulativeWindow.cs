using Compat.Legacy.Runners;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using TorchSharp.Modules;

namespace Compat.Legacy;

/// <summary>Windows of iterations whose gradients add up to one update: by what a loss is divided, and what MMCV says about it.</summary>
/// <remarks>The last window is shorter if the iterations do not divide evenly; its losses are divided by its own length.</remarks>
internal sealed class CumulativeWindow
{
    private bool isBegun;
    private bool isRemainderSaid;
    private int divisible;
    private int remainder;

    /// <summary>Makes windows.</summary>
    /// <param name="iters">How many iterations one has.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public CumulativeWindow(int iters) => Iters = iters > 0
        ? iters
        : throw new ArgumentOutOfRangeException(nameof(iters), $"CumulativeIters is {iters}; it must be at least 1. Use 1 to update at every iteration.");

    /// <summary>Gets how many iterations a window has.</summary>
    public int Iters { get; }

    /// <summary>Gets by what the loss of the present iteration is divided.</summary>
    /// <exception cref="InvalidOperationException">The runner is past its last iteration, or has no limit.</exception>
    public int LossFactor(BaseRunner runner)
    {
        int max = runner.MaxIters ?? throw new InvalidOperationException(
            $"{runner.GetType().Name} has no MaxIters, so the last window of accumulated gradients is not known. Set it before the first iteration.");
        bool countsFromResume = runner.Options.Behavior.RemainderRule == RemainderRule.FromResume;
        if (!isBegun)
        {
            isBegun = true;
            Begin(runner, countsFromResume ? max - runner.Iter : max);
        }

        if (runner.Iter < (countsFromResume ? divisible : max - remainder))
        {
            return Iters;
        }

        return countsFromResume ? FactorAfterResume(runner, max) : RemainderFactor(runner);
    }

    // Once for each hook, as in MMCV, and in its words.
    private void Begin(BaseRunner runner, int count)
    {
        if (runner.Iter % Iters != 0)
        {
            LegacyLog.Warning(
                runner.Logger,
                "Resume iter number is not divisible by cumulative_iters in GradientCumulativeOptimizerHook, which means the gradient of some iters is lost and "
                + "the result may be influenced slightly.");
        }

        if (Iters > 1 && runner.Model.modules().Prepend(runner.Model).Any(module => module is BatchNorm))
        {
            LegacyLog.Warning(
                runner.Logger, "GradientCumulativeOptimizerHook may slightly decrease performance if the model has BatchNorm layers.");
        }

        remainder = ((count % Iters) + Iters) % Iters;
        divisible = count - remainder;
    }

    private int RemainderFactor(BaseRunner runner)
    {
        if (remainder == 0)
        {
            throw new InvalidOperationException(
                $"Iteration {runner.Iter} (counted from 0) is past the last one: MaxIters is {runner.MaxIters}, a multiple of CumulativeIters {Iters}, so there is no "
                + "shorter window. Train no further than MaxIters.");
        }

        LegacyLog.Warning(
            runner.Logger,
            $"Loss will be divided by {remainder} in the last {remainder} iterations because they are not enough for {Iters} cumulative_iters.");
        return remainder;
    }

    // MMCV up to 1.6.1 says nothing, and divides by 0 where there is no remainder.
    private int FactorAfterResume(BaseRunner runner, int max)
    {
        int factor = remainder == 0 ? Iters : remainder;
        int fromStart = runner.Iter < max - (max % Iters) ? Iters : max % Iters;
        if (remainder != fromStart && !isRemainderSaid)
        {
            isRemainderSaid = true;
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Warning,
                CompatEvents.RemainderAfterResume,
                $"From iteration {runner.Iter} on (counted from 0) MMCV up to 1.6.1 divides the loss by {remainder}, because it counts the remainder from where the "
                + $"training was resumed; {fromStart} would be right. {(remainder == 0 ? $"That ruins the weights, so it is {factor} here. " : string.Empty)}Set "
                + "RemainderRule to FromStart in the runner's Behavior for MMCV's rule from 1.6.2 on.");
        }

        return factor;
    }
}
