using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using Compat.Torch.Training;

namespace Compat.Adapters.Equivalence;

/// <summary>Traces a training on a legacy runner, or on the engine through the adapters. Register it with lowest priority.</summary>
/// <param name="recorder">What collects the trace.</param>
public sealed class LegacyTraceHook(TraceRecorder recorder) : Hook
{
    /// <inheritdoc/>
    public override void BeforeRun(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Listen(runner.Probe, runner.Model);
    }

    /// <inheritdoc/>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Begin(runner.DataBatch!, [.. (runner.Optimizer?.All ?? []).Select(entry => new TracedOptimizer(entry.Key, OptimizerGroup.Of(entry.Value)))]);
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.End(runner.Model, runner.Outputs?.Loss is { } loss ? new LogValue(loss) : (LogValue?)null, runner.Outputs?.LogVars);
    }

    /// <inheritdoc/>
    public override void AfterRun(BaseRunner runner) => recorder.StopListening();
}
