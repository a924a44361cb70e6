using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Torch.Training;

namespace Compat.Adapters.Equivalence;

/// <summary>Traces a training on the engine.</summary>
/// <param name="recorder">What collects the trace.</param>
public sealed class EngineTraceHook(TraceRecorder recorder) : Hook
{
    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.Lowest;

    /// <inheritdoc/>
    public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.Begin(runner.OptimWrapper.ParamGroups[0].Lr);
    }

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(runner);
        recorder.End(runner.Model.StateModule, arguments.Batch, arguments.Outputs["loss"], arguments.Outputs);
    }
}
