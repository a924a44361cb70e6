using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Engine.Hooks.Arguments;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Training;
using Hook = Compat.Engine.Hooks.Hook;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Hooks;

/// <summary>Calls all hooks of a legacy runner while the engine trains it.</summary>
/// <remarks>
/// Preserves: the points, the order, the runner that hooks see, and hooks that are registered while it runs.
/// Changes: nothing. Hooks of the engine come after all of them, whatever their priorities.
/// Rejects: a hook that is registered while it runs and would have to see the weights before the engine's update (COMPAT0203), and another owner of the
/// update (COMPAT0202).
/// </remarks>
/// <param name="translator">The runner, and which of its hooks the engine stands in for.</param>
internal sealed class LegacyHooksAdapter(LegacyRunnerTranslator translator) : Hook
{
    private readonly FailureReport failures = new(translator.Legacy.Logger, () => WhereItStands(translator.Legacy));
    private LegacyHook? replaced;
    private IReadOnlyList<LegacyHook> known = [];
    private bool isRunning;

    /// <inheritdoc/>
    public override HookPriority Priority => LegacyHookAdapter.BeforeRuntimeInfo;

    /// <inheritdoc/>
    public override string Name => $"hooks of {translator.Legacy.GetType().Name}";

    /// <summary>Gets the hooks that are called.</summary>
    public IEnumerable<LegacyHook> Called => translator.Legacy.Hooks.Where(hook => !ReferenceEquals(hook, translator.Update.Translated));

    /// <inheritdoc/>
    public override void BeforeTrain(Compat.Engine.Runner runner)
    {
        replaced = translator.Update.Translated;
        known = translator.Legacy.Hooks;
        isRunning = true;
        translator.Announce();
        Call(HookStage.BeforeRun, except: null);                      // a hook for half precision switches modules and reads the meta, whoever updates
        (runner.OptimWrapper as LegacyAmpOptimWrapper)?.TakeScaler();
    }

    /// <inheritdoc/>
    public override void BeforeTrainEpoch(Compat.Engine.Runner runner) => Call(HasEpochs ? HookStage.BeforeTrainEpoch : HookStage.BeforeEpoch);

    /// <inheritdoc/>
    public override void BeforeTrainIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) => Call(HookStage.BeforeTrainIter);

    /// <inheritdoc/>
    public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) => Call(HookStage.AfterTrainIter);

    /// <inheritdoc/>
    public override void AfterTrainEpoch(Compat.Engine.Runner runner) => Call(HasEpochs ? HookStage.AfterTrainEpoch : HookStage.AfterEpoch);

    /// <inheritdoc/>
    public override void BeforeValEpoch(Compat.Engine.Runner runner) => CallInWorkflow(HookStage.BeforeValEpoch);

    /// <inheritdoc/>
    public override void BeforeValIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) => CallInWorkflow(HookStage.BeforeValIter);

    /// <inheritdoc/>
    public override void AfterValIter(Compat.Engine.Runner runner, AfterValIterArguments arguments) => CallInWorkflow(HookStage.AfterValIter);

    /// <inheritdoc/>
    public override void AfterValEpoch(Compat.Engine.Runner runner, AfterValEpochArguments arguments) => CallInWorkflow(HookStage.AfterValEpoch);

    /// <inheritdoc/>
    public override void AfterTrain(Compat.Engine.Runner runner)
    {
        isRunning = false;
        Call(HookStage.AfterRun);
    }

    private bool HasEpochs => translator.Legacy is not IterBasedRunner;

    // The engine knows that a hook of the old runner failed; the old runner knows which.
    private static FailureContext WhereItStands(BaseRunner legacy) => new()
    {
        Side = "engine",
        Model = legacy.ModelName,
        Epoch = legacy.Epoch,
        Iteration = legacy.Iter,
        Hook = legacy.RunningHook,
        Batch = legacy.DataBatch,
    };

    // Runner.Val() by itself is no flow of the workflow.
    private void CallInWorkflow(HookStage stage)
    {
        if (isRunning)
        {
            Call(stage);
        }
    }

    private void Call(HookStage stage) => Call(stage, replaced);

    private void Call(HookStage stage, LegacyHook? except)
    {
        try
        {
            translator.Legacy.CallHook(stage, except);
        }
        catch (Exception exception) when (failures.Log(exception))
        {
            throw;                                                    // never reached: the filter only writes the line
        }

        if (!ReferenceEquals(translator.Legacy.Hooks, known))
        {
            known = translator.Legacy.Hooks;
            translator.CheckLateHooks(replaced);
        }
    }
}
