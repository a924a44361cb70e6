using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Optim;
using Compat.Torch.Training;

namespace Compat.Adapters.Equivalence;

/// <summary>Traces a training on the engine.</summary>
/// <param name="recorder">What collects the trace.</param>
public sealed class EngineTraceHook(TraceRecorder recorder) : Hook
{
    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.Lowest;

    /// <inheritdoc/>
    public override void BeforeTrain(Runner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Listen(runner.Probe, runner.Model.StateModule);
    }

    /// <inheritdoc/>
    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Begin(arguments.Batch, [.. runner.OptimWrapper.LrEntries.Where(HasParameters).Select(Named)]);
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.End(runner.Model.StateModule, LossOf(runner, arguments.Outputs), arguments.Outputs);
    }

    /// <inheritdoc/>
    public override void AfterTrain(Runner runner) => recorder.StopListening();

    // What was trained on; a step that does not say it may still log it.
    private static LogValue? LossOf(Runner runner, LogVars outputs) =>
        runner.OptimWrapper.Loss is { } trained ? new LogValue(trained) : outputs.TryGetValue("loss", out LogValue logged) ? logged : (LogValue?)null;

    // The group of default values updates nothing.
    private static bool HasParameters(LrEntry entry) => entry.Groups.Any(group => group.Parameters.Count > 0);

    // The rate of an optimizer 'generator' is logged as 'generator.lr', that of a single one as 'lr'.
    private static TracedOptimizer Named(LrEntry entry) =>
        new(entry.Name.EndsWith(".lr", StringComparison.Ordinal) ? entry.Name[..^".lr".Length] : string.Empty, entry.Groups);
}
