using System.Diagnostics.CodeAnalysis;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;

namespace Compat.Legacy;

/// <summary>Sets the momentum, or the first beta, before each epoch or iteration, from a formula of the counter.</summary>
/// <remarks>
/// The value is set, not changed: whatever somebody else wrote into a group is overwritten. During a warm-up the regular value of that moment is
/// divided (see <see cref="Warmup"/>): the momentum begins above it, and above 1 too if the ratio is small enough. Source: MMCV <c>MomentumUpdaterHook</c>.
/// </remarks>
public abstract class MomentumUpdaterHook : ScheduleHook
{
    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings that all policies share.</param>
    /// <exception cref="ArgumentException">The warm-up is out of range.</exception>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "What is protected in the base is for policies that derive from this one.")]
    protected MomentumUpdaterHook(MomentumConfig config)
        : base(config)
    {
    }

    /// <summary>Gets the initial momenta, from which the policy computes.</summary>
    /// <value>Known from <see cref="ScheduleHook.BeforeRun"/> on; no optimizers before.</value>
    protected OptimizerSnapshot BaseMomentum => Base;

    /// <summary>Gets the momenta of the present epoch or iteration, warm-up left aside.</summary>
    /// <value>Known from the first epoch or iteration on; no optimizers before.</value>
    protected OptimizerSnapshot RegularMomentum => Regular;

    /// <summary>Computes the regular momentum of a group at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="baseMomentum">The group's initial momentum.</param>
    /// <returns>The momentum.</returns>
    protected abstract double GetMomentum(BaseRunner runner, double baseMomentum);

    /// <summary>Computes the regular momenta of all groups at the runner's present epoch or iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>The momenta, warm-up left aside; what <see cref="GetMomentum"/> gives for each group.</returns>
    protected virtual OptimizerSnapshot GetRegularMomentum(BaseRunner runner) => ComputeAll(runner);

    /// <summary>Computes the momenta of all groups in a warm-up, from <see cref="RegularMomentum"/>.</summary>
    /// <param name="iter">The iteration, counted from 0; below the length of the warm-up.</param>
    /// <returns>The momenta.</returns>
    protected virtual OptimizerSnapshot GetWarmupMomentum(int iter) => ScaleAll(iter);

    /// <summary>Sets the momenta of all groups.</summary>
    /// <param name="runner">The runner, whose optimizers are changed.</param>
    /// <param name="momentum">The momenta, of the same optimizers and groups.</param>
    protected virtual void SetMomentum(BaseRunner runner, OptimizerSnapshot momentum)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(momentum);
        SetAll(runner, momentum);
    }

    private protected sealed override double InitialOf(OptimizerGroup group) => group.InitialMomentum ??= group.Momentum
        ?? throw new InvalidOperationException(
            $"{Name} finds neither momentum nor betas in the optimizer, so it has nothing to set. Use an optimizer that has one of them, such as SGD or Adam, or "
            + "leave the momentum schedule out.");

    private protected sealed override void Set(OptimizerGroup group, double value) => group.Momentum = value;

    private protected sealed override double Compute(BaseRunner runner, double initial) => GetMomentum(runner, initial);

    private protected sealed override double Scale(double value, double factor) => value / factor;

    private protected sealed override OptimizerSnapshot GetRegular(BaseRunner runner) => GetRegularMomentum(runner);

    private protected sealed override OptimizerSnapshot GetWarmup(int iter) => GetWarmupMomentum(iter);

    private protected sealed override void Apply(BaseRunner runner, OptimizerSnapshot values) => SetMomentum(runner, values);
}
