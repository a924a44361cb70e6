using Compat.Engine.Hooks.Arguments;

namespace Compat.Engine.Hooks;

/// <summary>Measures how long iterations take and how much of it is waiting for data, and estimates the time that is left.</summary>
/// <remarks>
/// Logs <c>time</c> and <c>data_time</c> in seconds. Times are those of the host: on a GPU, work may still be under way. Source: MMEngine
/// <c>IterTimerHook</c>.
/// </remarks>
public sealed class IterTimerHook : Hook
{
    private static readonly string[] DataTimeKeys = ["train/data_time", "val/data_time", "test/data_time"];
    private static readonly string[] TimeKeys = ["train/time", "val/time", "test/time"];

    private double trainSeconds;
    private double evaluationSeconds;
    private int startIter;
    private long last;

    /// <inheritdoc/>
    public override void BeforeTrain(Runner runner) => startIter = runner.Progress.Iter;

    /// <inheritdoc/>
    protected override void BeforeEpoch(Runner runner, LoopMode mode) => last = runner.Time.GetTimestamp();

    /// <inheritdoc/>
    protected override void AfterEpoch(Runner runner, AfterEpochArguments arguments, LoopMode mode) => evaluationSeconds = 0;

    /// <inheritdoc/>
    protected override void BeforeIter(Runner runner, BeforeIterArguments arguments, LoopMode mode) =>
        runner.MessageHub.UpdateScalar(DataTimeKeys[(int)mode], SecondsSinceLast(runner));

    /// <inheritdoc/>
    protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode)
    {
        double seconds = SecondsSinceLast(runner);
        last = runner.Time.GetTimestamp();
        runner.MessageHub.UpdateScalar(TimeKeys[(int)mode], seconds);
        runner.MessageHub.UpdateInfo("eta", mode == LoopMode.Train ? TrainEta(runner, seconds) : EvaluationEta(runner.LoaderOf(mode).Length, seconds, arguments.BatchIndex));
    }

    private double TrainEta(Runner runner, double seconds)
    {
        trainSeconds += seconds;
        int iter = runner.Progress.Iter;
        return trainSeconds / (iter - startIter + 1) * (runner.MaxIters - iter - 1);
    }

    private double EvaluationEta(int length, double seconds, int batchIndex)
    {
        evaluationSeconds += seconds;
        return evaluationSeconds / (batchIndex + 1) * (length - batchIndex - 1);
    }

    private double SecondsSinceLast(Runner runner) => runner.Time.GetElapsedTime(last).TotalSeconds;
}
