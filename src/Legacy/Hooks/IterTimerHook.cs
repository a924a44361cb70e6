using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>Logs <c>data_time</c>, the wait for the batch, and <c>time</c>, the whole iteration, in seconds.</summary>
/// <remarks>Source: MMCV <c>IterTimerHook</c>.</remarks>
public sealed class IterTimerHook : Hook
{
    private long last;

    /// <inheritdoc/>
    public override void BeforeEpoch(BaseRunner runner) => last = runner.Time.GetTimestamp();

    /// <inheritdoc/>
    public override void BeforeIter(BaseRunner runner) => Log(runner, "data_time");

    /// <inheritdoc/>
    public override void AfterIter(BaseRunner runner)
    {
        Log(runner, "time");
        last = runner.Time.GetTimestamp();
    }

    private void Log(BaseRunner runner, string name) =>
        runner.LogBuffer.Update(new LogVars { [name] = runner.Time.GetElapsedTime(last).TotalSeconds });
}
