using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>Something that is called at fixed points of a run, with the runner as its only argument.</summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>point</term><description>what has already happened</description></listheader>
/// <item><term>BeforeRun</term><description>the runner is complete; a resume is done</description></item>
/// <item><term>BeforeTrainEpoch</term><description>the model is in training mode; MaxIters is set</description></item>
/// <item><term>BeforeTrainIter</term><description>the batch is read; hooks before this one may have set the learning rate</description></item>
/// <item><term>AfterTrainIter</term><description>the step has run; the weights are updated by the optimizer hook, at this very point</description></item>
/// <item><term>AfterTrainEpoch</term><description>Iter is advanced; Epoch is not yet</description></item>
/// <item><term>BeforeValEpoch … AfterValEpoch</term><description>Epoch is advanced; the model is in evaluation mode</description></item>
/// <item><term>AfterRun</term><description>the last epoch is over</description></item>
/// </list>
/// <para>An <see cref="IterBasedRunner"/> has no epochs: it calls <see cref="BeforeEpoch"/> and <see cref="AfterEpoch"/> once around all its iterations, and the
/// methods for training and validation epochs never.</para>
/// <para>Source: MMCV <c>Hook</c>.</para>
/// </remarks>
public abstract class Hook
{
    // A general method stands for several points.
    private static readonly Dictionary<string, HookStage[]> General = new()
    {
        [nameof(BeforeEpoch)] = [HookStage.BeforeTrainEpoch, HookStage.BeforeValEpoch],
        [nameof(AfterEpoch)] = [HookStage.AfterTrainEpoch, HookStage.AfterValEpoch],
        [nameof(BeforeIter)] = [HookStage.BeforeTrainIter, HookStage.BeforeValIter],
        [nameof(AfterIter)] = [HookStage.AfterTrainIter, HookStage.AfterValIter],
    };

    /// <summary>Gets the name by which lists and messages call the hook.</summary>
    /// <value>The name of its class, unless overridden.</value>
    public virtual string Name => GetType().Name;

    /// <summary>Gets the points at which this hook is called, in order. It is asked once, when the hook is registered.</summary>
    /// <returns>The points whose methods are overridden, unless this method is: a hook that stands for others knows their points by itself.</returns>
    public virtual IReadOnlyCollection<HookStage> GetTriggeredStages() =>
        [.. OverriddenPoints.Of<Hook, HookStage>(GetType(), General).Where(stage => stage < HookStage.BeforeEpoch)];

    /// <summary>Called before anything else.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeRun(BaseRunner runner)
    {
    }

    /// <summary>Called after everything else.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterRun(BaseRunner runner)
    {
    }

    /// <summary>Called before an epoch of either kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeEpoch(BaseRunner runner)
    {
    }

    /// <summary>Called after an epoch of either kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterEpoch(BaseRunner runner)
    {
    }

    /// <summary>Called before an iteration of either kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeIter(BaseRunner runner)
    {
    }

    /// <summary>Called after an iteration of either kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterIter(BaseRunner runner)
    {
    }

    /// <summary>Called before each training epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTrainEpoch(BaseRunner runner) => BeforeEpoch(runner);

    /// <summary>Called before each validation pass.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeValEpoch(BaseRunner runner) => BeforeEpoch(runner);

    /// <summary>Called after each training epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterTrainEpoch(BaseRunner runner) => AfterEpoch(runner);

    /// <summary>Called after each validation pass.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterValEpoch(BaseRunner runner) => AfterEpoch(runner);

    /// <summary>Called before each training iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTrainIter(BaseRunner runner) => BeforeIter(runner);

    /// <summary>Called before each validation iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeValIter(BaseRunner runner) => BeforeIter(runner);

    /// <summary>Called after each training iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterTrainIter(BaseRunner runner) => AfterIter(runner);

    /// <summary>Called after each validation iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterValIter(BaseRunner runner) => AfterIter(runner);

    /// <summary>Calls the method for a point.</summary>
    /// <param name="stage">The point.</param>
    /// <param name="runner">The runner that calls.</param>
    public void Call(HookStage stage, BaseRunner runner)
    {
        switch (stage)
        {
            case HookStage.BeforeRun: BeforeRun(runner); break;
            case HookStage.BeforeTrainEpoch: BeforeTrainEpoch(runner); break;
            case HookStage.BeforeTrainIter: BeforeTrainIter(runner); break;
            case HookStage.AfterTrainIter: AfterTrainIter(runner); break;
            case HookStage.AfterTrainEpoch: AfterTrainEpoch(runner); break;
            case HookStage.BeforeValEpoch: BeforeValEpoch(runner); break;
            case HookStage.BeforeValIter: BeforeValIter(runner); break;
            case HookStage.AfterValIter: AfterValIter(runner); break;
            case HookStage.AfterValEpoch: AfterValEpoch(runner); break;
            case HookStage.AfterRun: AfterRun(runner); break;
            case HookStage.BeforeEpoch: BeforeEpoch(runner); break;
            case HookStage.AfterEpoch: AfterEpoch(runner); break;
            default: throw new ArgumentOutOfRangeException(nameof(stage), stage, $"There is no hook stage {stage}.");
        }
    }

    /// <summary>Tells whether this is every n-th epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <returns>Whether <c>(epoch + 1) % n == 0</c>.</returns>
    protected static bool EveryNEpochs(BaseRunner runner, int n)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return n > 0 && (runner.Epoch + 1) % n == 0;
    }

    /// <summary>Tells whether this is every n-th iteration of its epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <returns>Whether <c>(inner_iter + 1) % n == 0</c>.</returns>
    protected static bool EveryNInnerIters(BaseRunner runner, int n)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return n > 0 && (runner.InnerIter + 1) % n == 0;
    }

    /// <summary>Tells whether this is every n-th iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <returns>Whether <c>(iter + 1) % n == 0</c>.</returns>
    protected static bool EveryNIters(BaseRunner runner, int n)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return n > 0 && (runner.Iter + 1) % n == 0;
    }

    /// <summary>Tells whether this is the last iteration of its epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>Whether it is the last.</returns>
    protected static bool EndOfEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.InnerIter + 1 == runner.DataLoader!.Length;
    }

    /// <summary>Tells whether this is the last epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>Whether it is the last; never if there is no limit.</returns>
    protected static bool IsLastEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Epoch + 1 == runner.MaxEpochs;
    }

    /// <summary>Tells whether this is the last iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>Whether it is the last; never if there is no limit.</returns>
    protected static bool IsLastIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Iter + 1 == runner.MaxIters;
    }
}
