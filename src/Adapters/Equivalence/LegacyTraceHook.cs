using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Equivalence;

/// <summary>Traces a training on a legacy runner, or on the engine through the adapters. Register it with lowest priority.</summary>
/// <param name="recorder">What collects the trace.</param>
public sealed class LegacyTraceHook(TraceRecorder recorder) : Hook
{
    /// <inheritdoc/>
    public override void BeforeTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Begin(runner.CurrentLr().First);
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(BaseRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        StepOutputs outputs = runner.Outputs!;
        recorder.End(runner.Model, runner.DataBatch!, outputs.RequireLoss(runner.ModelName), outputs.LogVars ?? []);
    }
}
