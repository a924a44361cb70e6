using Compat.Engine.Hooks.Arguments;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>Something that is called at fixed points of a run.</summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>point</term><description>what has already happened</description></listheader>
/// <item><term>BeforeRun</term><description>everything is built; nothing ran</description></item>
/// <item><term>BeforeTrain</term><description>weights are in place; counters are set</description></item>
/// <item><term>BeforeTrainEpoch</term><description>the epoch's number is right; the model may still be in evaluation mode</description></item>
/// <item><term>BeforeTrainIter</term><description>the batch is read; the learning rate is that of this iteration</description></item>
/// <item><term>AfterTrainIter</term><description>weights are updated and gradients cleared; Iter is still this iteration's number</description></item>
/// <item><term>AfterTrainEpoch</term><description>Iter is advanced; Epoch is not yet</description></item>
/// <item><term>BeforeVal, BeforeValEpoch</term><description>Epoch is advanced; the model is still in training mode</description></item>
/// <item><term>BeforeValIter, AfterValIter</term><description>the model is in evaluation mode</description></item>
/// <item><term>AfterValEpoch, AfterVal</term><description>the metrics are computed</description></item>
/// <item><term>AfterTrain</term><description>the last epoch and its validation are over</description></item>
/// <item><term>BeforeTest … AfterTest</term><description>as the points of a validation, in a run of <see cref="Runner.Test"/></description></item>
/// <item><term>AfterRun</term><description>training, validation or test is over</description></item>
/// </list>
/// <para>A hook does not change the progress, does not dispose what it is handed and keeps nothing of the batch. Which points a hook overrides is
/// found once, when it is registered; the others cost nothing. Source: MMEngine <c>Hook</c>.</para>
/// </remarks>
public abstract class Hook
{
    /// <summary>Gets where the hook stands among the others if it is registered without a priority.</summary>
    /// <value>The default is <see cref="HookPriority.Normal"/>.</value>
    public virtual HookPriority Priority => HookPriority.Normal;

    /// <summary>Gets the name that the list of hooks shows.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Gets the points at which this hook is called.</summary>
    /// <value>Those that its type overrides. Only a hook that stands in for another one says otherwise.</value>
    public virtual IReadOnlyCollection<HookPoint> TriggeredPoints => HookPoints.OverriddenBy(GetType());

    /// <summary>Called before anything else.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeRun(Runner runner)
    {
    }

    /// <summary>Called before the first epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTrain(Runner runner)
    {
    }

    /// <summary>Called before each training epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTrainEpoch(Runner runner) => BeforeEpoch(runner, LoopMode.Train);

    /// <summary>Called before each training iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch and its position.</param>
    public virtual void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
        BeforeIter(runner, arguments, LoopMode.Train);

    /// <summary>Called after each training iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch, its position and what the step returned.</param>
    public virtual void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) =>
        AfterIter(runner, new(arguments), LoopMode.Train);

    /// <summary>Called after each training epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterTrainEpoch(Runner runner) => AfterEpoch(runner, default, LoopMode.Train);

    /// <summary>Called before each validation.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeVal(Runner runner)
    {
    }

    /// <summary>Called before the pass of each validation.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeValEpoch(Runner runner) => BeforeEpoch(runner, LoopMode.Val);

    /// <summary>Called before each validation iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch and its position.</param>
    public virtual void BeforeValIter(Runner runner, BeforeIterArguments arguments) =>
        BeforeIter(runner, arguments, LoopMode.Val);

    /// <summary>Called after each validation iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch, its position and the predictions.</param>
    public virtual void AfterValIter(Runner runner, AfterValIterArguments arguments) =>
        AfterIter(runner, new(arguments), LoopMode.Val);

    /// <summary>Called after the pass of each validation.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The metrics.</param>
    public virtual void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => AfterEpoch(runner, new(arguments), LoopMode.Val);

    /// <summary>Called after each validation.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterVal(Runner runner)
    {
    }

    /// <summary>Called after the last epoch.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterTrain(Runner runner)
    {
    }

    /// <summary>Called before each test.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTest(Runner runner)
    {
    }

    /// <summary>Called before the pass of each test.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void BeforeTestEpoch(Runner runner) => BeforeEpoch(runner, LoopMode.Test);

    /// <summary>Called before each test iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch and its position.</param>
    public virtual void BeforeTestIter(Runner runner, BeforeIterArguments arguments) =>
        BeforeIter(runner, arguments, LoopMode.Test);

    /// <summary>Called after each test iteration.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch, its position and the predictions.</param>
    public virtual void AfterTestIter(Runner runner, AfterTestIterArguments arguments) =>
        AfterIter(runner, new(arguments), LoopMode.Test);

    /// <summary>Called after the pass of each test.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The metrics.</param>
    public virtual void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) => AfterEpoch(runner, new(arguments), LoopMode.Test);

    /// <summary>Called after each test.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterTest(Runner runner)
    {
    }

    /// <summary>Called after everything else.</summary>
    /// <param name="runner">The runner that calls.</param>
    public virtual void AfterRun(Runner runner)
    {
    }

    /// <summary>Called before an epoch of any kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="mode">The kind.</param>
    protected virtual void BeforeEpoch(Runner runner, LoopMode mode)
    {
    }

    /// <summary>Called after an epoch of any kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The metrics, if there are any.</param>
    /// <param name="mode">The kind.</param>
    protected virtual void AfterEpoch(Runner runner, AfterEpochArguments arguments, LoopMode mode)
    {
    }

    /// <summary>Called before an iteration of any kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch and its position.</param>
    /// <param name="mode">The kind.</param>
    protected virtual void BeforeIter(Runner runner, BeforeIterArguments arguments, LoopMode mode)
    {
    }

    /// <summary>Called after an iteration of any kind, unless the method for that kind is overridden.</summary>
    /// <param name="runner">The runner that calls.</param>
    /// <param name="arguments">The batch, its position, and what the training step returned or the model predicted.</param>
    /// <param name="mode">The kind.</param>
    protected virtual void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode)
    {
    }

    /// <summary>Tells whether this is every n-th training epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <param name="start">The epoch, counted from 1, from which counting starts.</param>
    /// <returns>Whether <c>(epoch + 1 - start) % n == 0</c>, and not before the start.</returns>
    protected static bool EveryNEpochs(Runner runner, int n, int start = 0)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return IsDue(runner.Progress.Epoch + 1 - start, n);
    }

    /// <summary>Tells whether this is every n-th training iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <param name="start">The iteration, counted from 1, from which counting starts.</param>
    /// <returns>Whether <c>(iter + 1 - start) % n == 0</c>, and not before the start.</returns>
    protected static bool EveryNTrainIters(Runner runner, int n, int start = 0)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return IsDue(runner.Progress.Iter + 1 - start, n);
    }

    /// <summary>Tells whether this is every n-th iteration of its epoch.</summary>
    /// <param name="batchIndex">The position of the batch, from 0.</param>
    /// <param name="n">The interval; below 1 means never.</param>
    /// <returns>Whether <c>(batchIndex + 1) % n == 0</c>.</returns>
    protected static bool EveryNInnerIters(int batchIndex, int n) => IsDue(batchIndex + 1, n);

    /// <summary>Tells whether a batch is the last of its loader.</summary>
    /// <param name="loader">The loader.</param>
    /// <param name="batchIndex">The position of the batch, from 0.</param>
    /// <returns>Whether it is the last.</returns>
    protected static bool EndOfEpoch(BatchLoader loader, int batchIndex)
    {
        ArgumentNullException.ThrowIfNull(loader);
        return batchIndex + 1 == loader.Length;
    }

    /// <summary>Tells whether this is the last training epoch.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>Whether it is the last.</returns>
    protected static bool IsLastTrainEpoch(Runner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Progress.Epoch + 1 == runner.MaxEpochs;
    }

    /// <summary>Tells whether this is the last training iteration.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>Whether it is the last.</returns>
    protected static bool IsLastTrainIter(Runner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Progress.Iter + 1 == runner.MaxIters;
    }

    // A dividend of 0 is due, as in MMEngine: the hook fires when the count has just reached the start.
    private static bool IsDue(int dividend, int n) => n > 0 && dividend >= 0 && dividend % n == 0;
}
