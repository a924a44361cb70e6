using Compat.Adapters.Diagnostics;
using Compat.Adapters.Models;
using Compat.Adapters.Optim;
using Compat.Engine.Hooks;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using static TorchSharp.torch;
using LegacyHook = Compat.Legacy.Hook;
using LegacyOptimizerHook = Compat.Legacy.OptimizerHook;

namespace Compat.Adapters.Runners;

/// <summary>Turns an old runner, with its loaders and workflow, into the options of the engine's runner.</summary>
/// <remarks>
/// Preserves: model, data, number of epochs, logger, folder, clock, rule for non-finite losses, clipping, clearing of gradients.
/// Changes: nothing in the numbers.
/// Rejects: workflows with other flows than training (COMPAT0701), a runner without MaxEpochs (COMPAT0702), several optimizer hooks (COMPAT0202),
/// runners that were started already (COMPAT0703).
/// </remarks>
internal sealed class LegacyRunnerTranslator(EpochBasedRunner legacy, IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow)
{
    private readonly LegacyOptimizerHook[] optimizerHooks = [.. legacy.Hooks.OfType<LegacyOptimizerHook>()];

    /// <summary>Gets the optimizer hook that the engine's wrapper stands in for; <see langword="null"/> if the old way is kept.</summary>
    public LegacyOptimizerHook? TranslatedHook =>
        optimizerHooks is [var hook] && hook.GetType() == typeof(LegacyOptimizerHook) && !IsPrecededAfterIter(hook) && legacy.Optimizer is { IsNamed: false }
            ? hook
            : null;

    /// <summary>Makes the options; the wrapper of the optimizer asks for the façade only when training starts.</summary>
    public Compat.Engine.RunnerOptions Translate(Func<LegacyRunnerFacade> facade)
    {
        Refuse();
        return new()
        {
            Model = new LegacyModelAdapter(legacy.Model, updatesWeights: TranslatedHook is not null),
            WorkDir = legacy.WorkDir ?? Directory.GetCurrentDirectory(),  // with a logger of its own, the engine writes nothing there
            TrainDataloader = dataLoaders[0],
            TrainCfg = new LegacyTrainLoopOptions(legacy.MaxEpochs!.Value),
            OptimWrapper = OptimWrapper(facade),
            DefaultHooks = new DefaultHooks { Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
            Device = legacy.Model.parameters().FirstOrDefault()?.device ?? CPU,
            Logger = legacy.Logger,
            NonFiniteLoss = legacy.Options.NonFiniteLoss,
            Time = legacy.Time,
            Probe = legacy.Probe,
        };
    }

    private void Refuse()
    {
        CompatDiagnostic?[] found =
        [
            optimizerHooks.Length > 1
                ? new("COMPAT0202", $"The runner has {optimizerHooks.Length} optimizer hooks: each iteration would update {optimizerHooks.Length} times. Keep one.")
                : null,
            workflow.Any(flow => flow.Mode != "train") || workflow.Count != 1 || dataLoaders.Count != 1
                ? new(
                    "COMPAT0701",
                    $"The workflow is [{string.Join(", ", workflow)}] with {dataLoaders.Count} loaders; the engine takes one 'train' flow with one loader. "
                    + "Validate after training with the old code, or port the validation to the engine's ValLoop.")
                : null,
            legacy.MaxEpochs is null
                ? new("COMPAT0702", "The runner has no MaxEpochs, so the engine does not know when to stop. Set MaxEpochs in the runner's options.")
                : null,
            legacy.Iter > 0
                ? new("COMPAT0703", $"The runner has trained {legacy.Iter} iterations already. Call AsEngine on a new runner.")
                : null,
        ];
        if (found.OfType<CompatDiagnostic>().ToArray() is { Length: > 0 } refusals)
        {
            throw new CompatException(refusals);
        }
    }

    // A hook that ran between the step and the optimizer hook would see weights that are updated too early. Then the old hook keeps its place.
    private bool IsPrecededAfterIter(LegacyHook hook) =>
        legacy.Hooks.TakeWhile(other => !ReferenceEquals(other, hook)).Any(other => other.GetTriggeredStages().Contains(HookStage.AfterTrainIter));

    private BaseOptimWrapperOptions OptimWrapper(Func<LegacyRunnerFacade> facade)
    {
        if (TranslatedHook is not { } hook)
        {
            string owner = optimizerHooks.Length > 0 ? optimizerHooks[0].GetType().Name : $"{legacy.ModelName} itself";
            return new PassThroughOptimWrapperOptions(legacy.Optimizer, owner);
        }

        OptimWrapperOptions options = new()
        {
            Optimizer = legacy.Optimizer!.Single,
            ClipGrad = hook.Config.GradClip is { } clip ? new GradClipOptions { MaxNorm = clip.MaxNorm, NormType = clip.NormType } : null,
            ZeroGradTiming = ZeroGradTiming.BeforeBackward,
            SetToNone = !legacy.Options.Behavior.ZeroFilledGradients,
        };
        return new LegacyOptimWrapperOptions(options, facade);
    }
}
