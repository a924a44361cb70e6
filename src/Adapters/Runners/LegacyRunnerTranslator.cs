using Compat.Adapters.Diagnostics;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Optim;
using Compat.Engine.Hooks;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Runners;

/// <summary>Turns an old runner, with its loaders and workflow, into the options of the engine's runner.</summary>
/// <remarks>
/// Preserves: model, data, number of epochs, logger, folder, clock, rule for non-finite losses, position, hooks.
/// Changes: nothing in the numbers, unless asked for (<see cref="AsEngineOptions.Optimization"/>).
/// Rejects: workflows with other flows than training (COMPAT0701), a runner without MaxEpochs (COMPAT0702), overridden members that the engine does not call
/// (COMPAT0704), and what <see cref="UpdateTranslator"/> rejects.
/// </remarks>
internal sealed class LegacyRunnerTranslator(
    EpochBasedRunner legacy, IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, AsEngineOptions options)
{
    /// <summary>Gets the old runner.</summary>
    public EpochBasedRunner Legacy => legacy;

    /// <summary>Gets what decides who updates the weights.</summary>
    public UpdateTranslator Update { get; } = new(legacy, options.Optimization);

    /// <summary>Makes the options. Who updates the weights is decided when training starts.</summary>
    public Compat.Engine.RunnerOptions Translate()
    {
        Check();
        return new()
        {
            Model = new LegacyModelAdapter(legacy.Model),
            WorkDir = legacy.WorkDir ?? Directory.GetCurrentDirectory(),  // with a logger of its own, the engine writes nothing there
            TrainDataloader = dataLoaders[0],
            TrainCfg = new LegacyTrainLoopOptions(this),
            OptimWrapper = new LegacyOptimWrapperOptions(Update),
            DefaultHooks = new DefaultHooks { Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
            CustomHooks = [new LegacyHooksAdapter(this)],
            Device = legacy.Model.parameters().FirstOrDefault()?.device ?? CPU,
            Logger = legacy.Logger,
            NonFiniteLoss = legacy.Options.NonFiniteLoss,
            Time = legacy.Time,
            Probe = legacy.Probe,
        };
    }

    /// <summary>Refuses what cannot be carried over, as the runner stands now, and changes that are not accepted.</summary>
    /// <exception cref="CompatException">There is something; everything is listed.</exception>
    public void Check()
    {
        CompatException.ThrowIfAny(
        [
            .. Update.Refusals(),
            .. Update.Changes().Where(change => !options.AcceptedChanges.Contains(change.Id)),
            .. RunnerRefusals(),
        ]);
    }

    /// <summary>Checks again after hooks were registered while training runs.</summary>
    /// <param name="replaced">The hook that the engine's wrapper stands in for.</param>
    /// <exception cref="CompatException">The update can no longer be as it was.</exception>
    public void CheckLateHooks(LegacyHook? replaced)
    {
        Check();
        if (!ReferenceEquals(Update.Translated, replaced))
        {
            throw new CompatException(new CompatDiagnostic(
                "COMPAT0203",
                "A hook was registered while training runs that comes between the step and the update, but the engine's wrapper makes the update within the "
                + "step. Register it before training starts, or set Optimization = Optimization.KeepHooks."));
        }
    }

    /// <summary>Says in the log which hooks are called, and who updates the weights.</summary>
    public void Announce()
    {
        string owner = Update.Translated is { } hook
            ? $"The engine's OptimWrapper updates the weights in place of {hook.Name}."
            : "The update of the weights is left as it is.";
        string accepted = string.Concat(Update.Changes().Select(change => $"\nAccepted: {change}"));
        CompatEvents.Write(
            legacy.Logger,
            LogLevel.Information,
            CompatEvents.LegacyRunnerOnEngine,
            $"The engine trains this {legacy.GetType().Name}. {owner}{accepted}\nIts hooks are called in the following order:\n{legacy.GetHookInfo()}");
        legacy.WarnIfOrderRepeats(dataLoaders, workflow);
    }

    private IEnumerable<CompatDiagnostic> RunnerRefusals()
    {
        if (workflow.Any(flow => flow.Mode != "train" || flow.Epochs < 1) || workflow.Count != 1 || dataLoaders.Count != 1)
        {
            yield return new(
                "COMPAT0701",
                $"The workflow is [{string.Join(", ", workflow)}] with {dataLoaders.Count} loaders; the engine takes one 'train' flow with one loader. "
                + "Validate after training with the old code, or port the validation to the engine's ValLoop.");
        }

        if (legacy.MaxEpochs is null)
        {
            yield return new("COMPAT0702", NoMaxEpochs());
        }

        if (OverriddenMembers.Of(legacy.GetType(), workflow, options.IsCalledByRunIterations) is { Length: > 0 } members)
        {
            yield return new(
                "COMPAT0704",
                $"{legacy.GetType().Name} overrides {string.Join(", ", members)}, which the engine does not call: what it does would be lost in silence. Move "
                + "it into a hook or into the model's TrainStep, or run this trainer with Run for now.");
        }
    }

    private string NoMaxEpochs()
    {
        if (legacy.MaxIters is not { } iters)
        {
            return "The runner has no MaxEpochs, so the engine does not know when to stop. Set MaxEpochs in the runner's options.";
        }

        string hint = dataLoaders is [{ Length: > 0 and var length }, ..]
            ? $": {iters} iterations are {(iters + length - 1) / length} epochs of {length} batches."
            : ".";
        return $"MaxIters is {iters}, but {legacy.GetType().Name} counts epochs. Set MaxEpochs in the runner's options instead{hint}";
    }
}
