using System.Diagnostics.CodeAnalysis;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;

namespace Compat.Legacy;

/// <summary>Sets the learning rate before each epoch or iteration, from a formula of the counter.</summary>
/// <remarks>
/// The value is set, not changed: whatever somebody else wrote into a group is overwritten. During a warm-up the regular value of that moment is
/// multiplied (see <see cref="Warmup"/>). Source: MMCV <c>LrUpdaterHook</c>.
/// </remarks>
public abstract class LrUpdaterHook : ScheduleHook
{
    private readonly int? warmupEpochs;
    private bool knowsWarmup;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings that all policies share.</param>
    /// <exception cref="ArgumentException">The warm-up is out of range.</exception>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "What is protected in the base is for policies that derive from this one.")]
    protected LrUpdaterHook(LrConfig config)
        : base(config)
    {
        warmupEpochs = config.WarmupByEpoch ? config.WarmupIters : null;
        knowsWarmup = warmupEpochs is null;
    }

    /// <summary>Gets the initial learning rates, from which the policy computes.</summary>
    /// <value>Known from <see cref="ScheduleHook.BeforeRun"/> on; no optimizers before.</value>
    protected OptimizerSnapshot BaseLr => Base;

    /// <summary>Gets the learning rates of the present epoch or iteration, warm-up left aside.</summary>
    /// <value>Known from the first epoch or iteration on; no optimizers before.</value>
    protected OptimizerSnapshot RegularLr => Regular;

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (!knowsWarmup)
        {
            WarmupIters = warmupEpochs!.Value * runner.DataLoader!.Length;
            knowsWarmup = true;
        }

        base.BeforeTrainEpoch(runner);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The warm-up counts epochs, but the runner has none.</exception>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (!knowsWarmup)
        {
            throw new InvalidOperationException(
                $"WarmupByEpoch of {Name} is set, but {runner.GetType().Name} has no epochs. Set WarmupIters to a number of iterations, and leave WarmupByEpoch out.");
        }

        base.BeforeTrainIter(runner);
    }

    /// <summary>Computes the regular learning rate of a group at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="baseLr">The group's initial learning rate.</param>
    /// <returns>The learning rate.</returns>
    protected abstract double GetLr(BaseRunner runner, double baseLr);

    /// <summary>Computes the regular learning rates of all groups at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>The learning rates, warm-up left aside; what <see cref="GetLr"/> gives for each group.</returns>
    protected virtual OptimizerSnapshot GetRegularLr(BaseRunner runner) => ComputeAll(runner);

    /// <summary>Computes the learning rates of all groups in a warm-up, from <see cref="RegularLr"/>.</summary>
    /// <param name="iter">The iteration, counted from 0; below the length of the warm-up.</param>
    /// <returns>The learning rates.</returns>
    protected virtual OptimizerSnapshot GetWarmupLr(int iter) => ScaleAll(iter);

    /// <summary>Sets the learning rates of all groups.</summary>
    /// <param name="runner">The runner, whose optimizers are changed.</param>
    /// <param name="lr">The learning rates, of the same optimizers and groups.</param>
    protected virtual void SetLr(BaseRunner runner, OptimizerSnapshot lr)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(lr);
        SetAll(runner, lr);
    }

    private protected sealed override double InitialOf(OptimizerGroup group) => group.InitialLr ??= group.Lr;

    private protected sealed override void Set(OptimizerGroup group, double value) => group.Lr = value;

    private protected sealed override double Compute(BaseRunner runner, double initial) => GetLr(runner, initial);

    private protected sealed override double Scale(double value, double factor) => value * factor;

    private protected sealed override OptimizerSnapshot GetRegular(BaseRunner runner) => GetRegularLr(runner);

    private protected sealed override OptimizerSnapshot GetWarmup(int iter) => GetWarmupLr(iter);

    private protected sealed override void Apply(BaseRunner runner, OptimizerSnapshot values) => SetLr(runner, values);
}
