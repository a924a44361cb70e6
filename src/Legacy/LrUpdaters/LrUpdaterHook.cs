using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>Sets the learning rate before each epoch or iteration, from a formula of the counter.</summary>
/// <remarks>
/// The value is set, not changed: whatever somebody else wrote into a group is overwritten. During a warm-up the regular value of that moment is
/// multiplied (see <see cref="Warmup"/>). Source: MMCV <c>LrUpdaterHook</c>.
/// </remarks>
public abstract class LrUpdaterHook : Hook
{
    private readonly LrConfig config;
    private int? warmupIters;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings that all policies share.</param>
    /// <exception cref="ArgumentException">The warm-up is out of range.</exception>
    protected LrUpdaterHook(LrConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        warmupIters = config.WarmupByEpoch ? null : config.WarmupIters;
        if (config.Warmup != Warmup.None && config.WarmupIters <= 0)
        {
            throw new ArgumentException($"WarmupIters is {config.WarmupIters}; with Warmup.{config.Warmup} it must be at least 1.", nameof(config));
        }

        if (config.Warmup != Warmup.None && config.WarmupRatio is not (> 0 and <= 1))
        {
            throw new ArgumentException($"WarmupRatio is {config.WarmupRatio}; it must be above 0 and at most 1.", nameof(config));
        }
    }

    /// <summary>Gets whether the policy counts epochs rather than iterations.</summary>
    protected bool ByEpoch => config.ByEpoch ?? true;

    /// <summary>Gets the initial learning rates, from which the policy computes.</summary>
    /// <value>Known from <see cref="BeforeRun"/> on; no optimizers before.</value>
    protected OptimizerSnapshot BaseLr { get; private set; } = new(IsNamed: false, []);

    /// <summary>Gets the learning rates of the present epoch or iteration, warm-up left aside.</summary>
    /// <value>Known from the first epoch or iteration on; no optimizers before.</value>
    protected OptimizerSnapshot RegularLr { get; private set; } = new(IsNamed: false, []);

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        // A resumed optimizer has its initial values already; they stay the base.
        BaseLr = runner.RequireOptimizer().Snapshot(group => group.InitialLr ??= group.Lr);
    }

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        warmupIters ??= config.WarmupIters * runner.DataLoader!.Length;
        if (ByEpoch)
        {
            RegularLr = GetRegularLr(runner);
            SetLr(runner, RegularLr);
        }
    }

    /// <inheritdoc/>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        bool isWarmingUp = config.Warmup != Warmup.None && runner.Iter < warmupIters;
        if (!ByEpoch)
        {
            RegularLr = GetRegularLr(runner);
        }

        if (isWarmingUp)
        {
            double factor = WarmupFactor(runner.Iter);
            SetLr(runner, RegularLr.Select(lr => lr * factor));
        }
        else if (!ByEpoch || (config.Warmup != Warmup.None && runner.Iter == warmupIters))
        {
            SetLr(runner, RegularLr);
        }
    }

    /// <summary>Computes the regular learning rate of a group at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="baseLr">The group's initial learning rate.</param>
    /// <returns>The learning rate.</returns>
    protected abstract double GetLr(BaseRunner runner, double baseLr);

    private static void SetLr(BaseRunner runner, OptimizerSnapshot rates)
    {
        foreach ((KeyValuePair<string, optim.Optimizer> optimizer, KeyValuePair<string, IReadOnlyList<double>> values) in runner.RequireOptimizer().All.Zip(rates.Values))
        {
            foreach ((OptimizerGroup group, double lr) in OptimizerGroup.Of(optimizer.Value).Zip(values.Value))
            {
                group.Lr = lr;
            }
        }
    }

    private OptimizerSnapshot GetRegularLr(BaseRunner runner) => BaseLr.Select(lr => GetLr(runner, lr));

    // The order of the operations is MMCV's: another one gives other last bits.
    private double WarmupFactor(int iter)
    {
        double left = 1 - (iter / (double)warmupIters!.Value);
        return config.Warmup switch
        {
            Warmup.Constant => config.WarmupRatio,
            Warmup.Linear => 1 - (left * (1 - config.WarmupRatio)),
            _ => Math.Pow(config.WarmupRatio, left),
        };
    }
}
