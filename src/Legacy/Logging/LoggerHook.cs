using Compat.Legacy.Runners;

namespace Compat.Legacy;

/// <summary>Averages the log buffer every few iterations and logs the result.</summary>
/// <remarks>
/// All loggers of a runner see the same averages: only the last one clears them. The buffer is cleared at the beginning of each epoch. Source: MMCV
/// <c>LoggerHook</c>.
/// </remarks>
public abstract class LoggerHook : Hook
{
    private readonly bool ignoreLast;
    private bool resetFlag;

    /// <summary>Makes the hook.</summary>
    /// <param name="config">The settings.</param>
    protected LoggerHook(LoggerConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        Interval = config.Interval ?? 10;
        ignoreLast = config.IgnoreLast;
        resetFlag = config.ResetFlag;
        ByEpoch = config.ByEpoch ?? true;
    }

    /// <summary>Gets how many iterations lie between two entries; below 1 means never.</summary>
    protected int Interval { get; }

    /// <summary>Gets whether entries count by epoch rather than by iteration.</summary>
    protected bool ByEpoch { get; }

    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (runner.Hooks.OfType<LoggerHook>().LastOrDefault() is { } last)
        {
            last.resetFlag = true;
        }
    }

    /// <inheritdoc/>
    public override void BeforeEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        runner.LogBuffer.Clear();
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        bool isDue = ByEpoch ? EveryNInnerIters(runner, Interval) : EveryNIters(runner, Interval);
        if (isDue || (!ignoreLast && EndOfEpoch(runner)))
        {
            // At the end of an epoch this reaches back into the last window: steadier than averaging a few values.
            runner.LogBuffer.Average(Math.Max(Interval, 0));
        }

        LogIfReady(runner);
    }

    /// <inheritdoc/>
    public override void AfterTrainEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        LogIfReady(runner);
    }

    /// <inheritdoc/>
    public override void AfterValEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        runner.LogBuffer.Average();
        LogIfReady(runner);
    }

    /// <summary>Logs the averages in the runner's log buffer.</summary>
    /// <param name="runner">The runner.</param>
    protected abstract void Log(BaseRunner runner);

    /// <summary>Tells what the averages are of: of training only if iterations were timed, which is how MMCV knows results of an evaluation.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns><c>train</c> or <c>val</c>.</returns>
    /// <exception cref="InvalidOperationException">The runner is in no mode or in one of its own.</exception>
    protected static string GetMode(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Mode switch
        {
            "train" => runner.LogBuffer.Output.ContainsKey("time") ? "train" : "val",
            "val" => "val",
            _ => throw UnknownMode(runner),
        };
    }

    /// <summary>Gets the epoch to print, counted from 1.</summary>
    /// <param name="runner">The runner.</param>
    /// <returns>The epoch; in a validation flow it is advanced already.</returns>
    protected static int GetEpoch(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return runner.Mode switch
        {
            "train" => runner.Epoch + 1,
            "val" => runner.Epoch,
            _ => throw UnknownMode(runner),
        };
    }

    /// <summary>Gets the iteration to print, counted from 1.</summary>
    /// <param name="runner">The runner.</param>
    /// <param name="inner">Whether the position in the epoch is meant, if the logger counts by epoch.</param>
    /// <returns>The iteration.</returns>
    protected int GetIter(BaseRunner runner, bool inner = false)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return (ByEpoch && inner ? runner.InnerIter : runner.Iter) + 1;
    }

    private static InvalidOperationException UnknownMode(BaseRunner runner) =>
        new($"The runner's mode is '{runner.Mode}'; a logger knows 'train' and 'val'. Leave loggers out of flows of another mode.");

    private void LogIfReady(BaseRunner runner)
    {
        if (!runner.LogBuffer.Ready)
        {
            return;
        }

        Log(runner);
        if (resetFlag)
        {
            runner.LogBuffer.ClearOutput();
        }
    }
}
