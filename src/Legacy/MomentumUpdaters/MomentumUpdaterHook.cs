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

    private protected sealed override double InitialOf(OptimizerGroup group) => group.InitialMomentum ??= group.Momentum
        ?? throw new InvalidOperationException(
            $"{Name} finds neither momentum nor betas in the optimizer, so it has nothing to set. Use an optimizer that has one of them, such as SGD or Adam, or "
            + "leave the momentum schedule out.");

    private protected sealed override void Set(OptimizerGroup group, double value) => group.Momentum = value;

    private protected sealed override double Compute(BaseRunner runner, double initial) => GetMomentum(runner, initial);

    private protected sealed override double Scale(double value, double factor) => value / factor;
}
