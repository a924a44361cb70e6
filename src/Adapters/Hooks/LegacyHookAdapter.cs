using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Torch.Logging;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using Hook = Compat.Engine.Hooks.Hook;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Hooks;

/// <summary>Lets the engine call a legacy hook.</summary>
/// <remarks>
/// Preserves: the points, their order, the runner that the hook sees (a façade on the engine, or the legacy runner that the engine trains), the hook's
/// priority, and gradients that are still there after the iteration; a hook that sets the learning rate comes just before the engine records it.
/// Changes: with a native training loop, hooks before an epoch run before the model is put into training mode (COMPAT0401).
/// Rejects: an optimizer hook beside a wrapper that updates the weights itself (COMPAT0201), several of them (COMPAT0202). Points of a validation are not
/// called, since a validation of the engine is none of an old workflow; a line in the log says so where there is one.
/// </remarks>
public sealed class LegacyHookAdapter : Hook
{
    // RuntimeInfoHook records the learning rate at 10; what sets it must come before.
    internal static readonly HookPriority BeforeRuntimeInfo = 9;

    private readonly LegacyHook legacyHook;
    private readonly HookPriority legacyPriority;

    /// <summary>Wraps a hook.</summary>
    /// <param name="legacyHook">The hook.</param>
    /// <param name="priority">Its priority in the old trainer; <see langword="null"/>, the default, for the one MMCV registers its kind with.</param>
    public LegacyHookAdapter(LegacyHook legacyHook, HookPriority? priority = null)
    {
        ArgumentNullException.ThrowIfNull(legacyHook);
        this.legacyHook = legacyHook;
        legacyPriority = priority ?? UsualPriority(legacyHook);
        Priority = legacyHook is LrUpdaterHook && legacyPriority > BeforeRuntimeInfo ? BeforeRuntimeInfo : legacyPriority;
        TriggeredPoints = [HookPoint.BeforeTrain, .. legacyHook.GetTriggeredStages().Select(PointOf).OfType<HookPoint>()];
    }

    /// <inheritdoc/>
    public override HookPriority Priority { get; }

    /// <inheritdoc/>
    public override string Name => legacyHook.Name;

    /// <inheritdoc/>
    public override IReadOnlyCollection<HookPoint> TriggeredPoints { get; }

    /// <summary>Gets the hook that is wrapped.</summary>
    public LegacyHook LegacyHook => legacyHook;

    /// <inheritdoc/>
    public override void BeforeTrain(Compat.Engine.Runner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        if (legacyHook is OptimizerHook)
        {
            UpdateOwnerCheck.Check(runner.OptimWrapper, runner.Hooks);
        }

        if (TriggeredPoints.Contains(HookPoint.AfterTrainIter))
        {
            runner.OptimWrapper.KeepGradients = true;
        }

        WarnOfValidation(runner);
        LegacyRunnerFacade.BeforeRun(runner, legacyHook, legacyPriority);
    }

    /// <inheritdoc/>
    /// <remarks>In a training by iteration MMCV calls the general method, once; so does this.</remarks>
    public override void BeforeTrainEpoch(Compat.Engine.Runner runner) =>
        CallForEpoch(runner, HookStage.BeforeTrainEpoch, HookStage.BeforeEpoch);

    /// <inheritdoc/>
    public override void BeforeTrainIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) =>
        legacyHook.BeforeTrainIter(LegacyRunnerFacade.BeforeStep(runner, arguments));

    /// <inheritdoc/>
    public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) =>
        legacyHook.AfterTrainIter(LegacyRunnerFacade.AfterStep(runner, arguments));

    /// <inheritdoc/>
    /// <remarks>In a training by iteration MMCV calls the general method, once; so does this.</remarks>
    public override void AfterTrainEpoch(Compat.Engine.Runner runner) =>
        CallForEpoch(runner, HookStage.AfterTrainEpoch, HookStage.AfterEpoch);

    /// <inheritdoc/>
    public override void AfterTrain(Compat.Engine.Runner runner) => legacyHook.AfterRun(LegacyRunnerFacade.BetweenIterations(runner));

    private void CallForEpoch(Compat.Engine.Runner runner, HookStage stage, HookStage general)
    {
        ArgumentNullException.ThrowIfNull(runner);
        legacyHook.Call(runner.TrainLoop is IterBasedTrainLoop ? general : stage, LegacyRunnerFacade.BetweenIterations(runner));
    }

    private void WarnOfValidation(Compat.Engine.Runner runner)
    {
        HookStage[] left = [.. legacyHook.GetTriggeredStages().Where(stage => stage is >= HookStage.BeforeValEpoch and <= HookStage.AfterValEpoch)];
        if (runner.ValLoop is not null && left.Length > 0)
        {
            CompatEvents.Write(
                runner.Logger,
                LogLevel.Information,
                CompatEvents.ValidationPointsLeftOut,
                $"{legacyHook.Name} is not called at {string.Join(", ", left)}: a validation of the engine is none of an old workflow. Port these points to a hook of "
                + "the engine's, if they matter.");
        }
    }

    private static HookPriority UsualPriority(LegacyHook hook) => hook switch
    {
        LrUpdaterHook => HookPriority.VeryHigh,
        MomentumUpdaterHook => HookPriority.High,
        OptimizerHook => HookPriority.AboveNormal,
        Compat.Legacy.IterTimerHook => HookPriority.Low,
        Compat.Legacy.LoggerHook => HookPriority.VeryLow,
        _ => HookPriority.Normal,
    };

    private static HookPoint? PointOf(HookStage stage) => stage switch
    {
        HookStage.BeforeRun => HookPoint.BeforeTrain,
        HookStage.BeforeTrainEpoch => HookPoint.BeforeTrainEpoch,
        HookStage.BeforeTrainIter => HookPoint.BeforeTrainIter,
        HookStage.AfterTrainIter => HookPoint.AfterTrainIter,
        HookStage.AfterTrainEpoch => HookPoint.AfterTrainEpoch,
        HookStage.AfterRun => HookPoint.AfterTrain,
        _ => null,
    };
}
