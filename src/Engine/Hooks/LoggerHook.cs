using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>Writes a line every few iterations and after each validation or test.</summary>
/// <remarks>Source: MMEngine <c>LoggerHook</c>.</remarks>
public sealed class LoggerHook : Hook
{
    private readonly LoggerHookOptions options;

    /// <summary>Makes the hook.</summary>
    /// <param name="options">Intervals; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An interval is below 1.</exception>
    public LoggerHook(LoggerHookOptions? options = null)
    {
        this.options = options ?? new();
        Check(this.options.Interval, nameof(LoggerHookOptions.Interval));
        Check(this.options.IntervalExpName, nameof(LoggerHookOptions.IntervalExpName));
    }

    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.BelowNormal;

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        BatchLoader loader = runner.TrainLoop!.Dataloader;
        bool end = EndOfEpoch(loader, arguments.BatchIndex);
        if (EveryNTrainIters(runner, options.IntervalExpName) || end)
        {
            EngineLog.Line(runner.Logger, $"Exp name: {runner.ExperimentName}");
        }

        bool logLast = end && (!options.IgnoreLast || loader.Length <= options.Interval);
        if (EveryNInnerIters(arguments.BatchIndex, options.Interval) || logLast)
        {
            EngineLog.Line(runner.Logger, runner.LogProcessor.AfterIter(runner, arguments.BatchIndex, LoopMode.Train).Line);
        }
    }

    /// <inheritdoc/>
    public override void AfterValIter(Runner runner, AfterValIterArguments arguments) => LogEvaluation(runner, arguments.BatchIndex, LoopMode.Val);

    /// <inheritdoc/>
    public override void AfterTestIter(Runner runner, AfterTestIterArguments arguments) => LogEvaluation(runner, arguments.BatchIndex, LoopMode.Test);

    /// <inheritdoc/>
    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => LogResult(runner, LoopMode.Val);

    /// <inheritdoc/>
    public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) => LogResult(runner, LoopMode.Test);

    // As there, the times are averaged over one entry more than the pass has: the last one of the pass before, if there was one.
    private static void LogResult(Runner runner, LoopMode mode) =>
        EngineLog.Line(runner.Logger, runner.LogProcessor.AfterEpoch(runner, runner.LoaderOf(mode).Length, mode).Line);

    private void LogEvaluation(Runner runner, int batchIndex, LoopMode mode)
    {
        if (EveryNInnerIters(batchIndex, options.Interval))
        {
            EngineLog.Line(runner.Logger, runner.LogProcessor.AfterIter(runner, batchIndex, mode).Line);
        }
    }

    private static void Check(int interval, string name)
    {
        if (interval < 1)
        {
            throw new ArgumentOutOfRangeException(
                name, interval, $"{name} is {interval}; it must be at least 1. To log nothing, set DefaultHooks.Logger to null.");
        }
    }
}
