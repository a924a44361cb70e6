using Compat.Legacy.Runners;
using Compat.Torch.Optim;

namespace Compat.Legacy;

/// <summary>Sets the learning rate before each epoch or iteration, from a formula of the counter.</summary>
/// <remarks>
/// The value is set, not changed: whatever somebody else wrote into a group is overwritten. During a warm-up the regular value of that moment is
/// multiplied (see <see cref="Warmup"/>). Source: MMCV <c>LrUpdaterHook</c>.
/// </remarks>
public abstract class LrUpdaterHook : Hook
{
    private readonly LrConfig config;
    private double[][] baseLr = [];
    private double[][] regularLr = [];
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

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        // A resumed optimizer has its initial values already; they stay the base.
        baseLr = PerGroup(runner, static (group, _, _) => group.InitialLr ??= group.Lr);
    }

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        warmupIters ??= config.WarmupIters * runner.DataLoader!.Length;
        if (ByEpoch)
        {
            regularLr = GetRegularLr(runner);
            SetLr(runner, regularLr);
        }
    }

    /// <inheritdoc/>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        bool isWarmingUp = config.Warmup != Warmup.None && runner.Iter < warmupIters;
        if (!ByEpoch)
        {
            regularLr = GetRegularLr(runner);
        }

        if (isWarmingUp)
        {
            double factor = WarmupFactor(runner.Iter);
            SetLr(runner, Array.ConvertAll(regularLr, group => Array.ConvertAll(group, lr => lr * factor)));
        }
        else if (!ByEpoch || (config.Warmup != Warmup.None && runner.Iter == warmupIters))
        {
            SetLr(runner, regularLr);
        }
    }

    /// <summary>Computes the regular learning rate of a group at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="baseLr">The group's initial learning rate.</param>
    /// <returns>The learning rate.</returns>
    protected abstract double GetLr(BaseRunner runner, double baseLr);

    private static double[][] PerGroup(BaseRunner runner, Func<OptimizerGroup, int, int, double> read) =>
    [
        .. runner.RequireOptimizer().All.Select(
            (entry, optimizer) => OptimizerGroup.Of(entry.Value).Select((group, index) => read(group, optimizer, index)).ToArray()),
    ];

    private static void SetLr(BaseRunner runner, double[][] values) =>
        PerGroup(runner, (group, optimizer, index) => group.Lr = values[optimizer][index]);

    private double[][] GetRegularLr(BaseRunner runner) =>
        Array.ConvertAll(baseLr, groups => Array.ConvertAll(groups, lr => GetLr(runner, lr)));

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
