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
/// Preserves: model, data, workflow, number of epochs or iterations, logger, folder, clock, rule for non-finite losses, position, hooks.
/// Changes: nothing in the numbers, unless asked for (<see cref="AsEngineOptions.Optimization"/>).
/// Rejects: workflows that no runner can run (COMPAT0705), a validation without a step for it (COMPAT0105), a runner without a limit (COMPAT0702), overridden
/// members that the engine does not call (COMPAT0704), and what <see cref="UpdateTranslator"/> rejects.
/// </remarks>
internal sealed class LegacyRunnerTranslator(
    WorkflowRunner legacy, IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow, AsEngineOptions options)
{
    /// <summary>Gets the old runner.</summary>
    public WorkflowRunner Legacy => legacy;

    /// <summary>Gets the loader of each flow.</summary>
    public IReadOnlyList<BatchLoader> DataLoaders => dataLoaders;

    /// <summary>Gets the flows.</summary>
    public IReadOnlyList<WorkflowStep> Workflow => workflow;

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
            TrainDataloader = FirstOf("train")!,
            ValDataloader = legacy.Model is IValStep && FirstOf("val") is { } val ? val : null,
            ValCfg = new LegacyValLoopOptions(),
            TrainCfg = new LegacyTrainLoopOptions(this),
            OptimWrapper = new LegacyOptimWrapperOptions(Update),
            DefaultHooks = new DefaultHooks { Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
            CustomHooks = [new LegacyHooksAdapter(this)],
            Device = legacy.Model.parameters().FirstOrDefault()?.device ?? CPU,
            Logger = legacy.Logger,
            Collectives = legacy.Collectives,
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

    /// <summary>Settles with other processes what is known before the training, and says in the log which hooks are called, and who updates the weights.</summary>
    public void Announce()
    {
        legacy.PrepareProcesses(dataLoaders);
        string owner = Update.Translated is { } hook
            ? $"The engine's OptimWrapper updates the weights in place of {hook.Name}."
            : "The update of the weights is left as it is.";
        string accepted = string.Concat(Update.Changes().Select(change => $"\nAccepted: {change}"));
        CompatEvents.Write(
            legacy.Logger,
            LogLevel.Information,
            CompatEvents.LegacyRunnerOnEngine,
            $"The engine trains this {legacy.GetType().Name}. {owner}{accepted}\nIts hooks are called in the following order:\n{legacy.GetHookInfo()}");
        (legacy as EpochBasedRunner)?.WarnIfOrderRepeats(dataLoaders, workflow);
        (legacy as IterBasedRunner)?.WarnOfMissingEpochs(workflow);
    }

    private IEnumerable<CompatDiagnostic> RunnerRefusals()
    {
        if (WorkflowFault() is { } fault)
        {
            yield return new("COMPAT0705", $"The workflow is [{string.Join(", ", workflow)}] with {dataLoaders.Count} loaders: {fault}");
        }

        if (workflow.Any(flow => flow is { Mode: "val", Epochs: > 0 }) && legacy.Model is not IValStep)
        {
            yield return new(
                "COMPAT0105",
                $"The workflow has a 'val' flow, but {legacy.ModelName} has no validation step. Let it implement {nameof(IValStep)}, or leave the flow out.");
        }

        if (NoLimit() is { } noLimit)
        {
            yield return new("COMPAT0702", noLimit);
        }

        if (Update.Translated is { } hook && LegacyUpdate.CumulativeItersOf(hook) > 1 && TrainLengths().Distinct().Count() > 1)
        {
            yield return new(
                "COMPAT0205",
                $"{hook.Name} cannot be translated: the 'train' flows have {string.Join(" and ", TrainLengths())} batches, so the number of all iterations, and with it the "
                + "last window, changes from flow to flow. Use Optimization.Automatic, which keeps the old way, or give the flows loaders of one length.");
        }

        if (OverriddenMembers.Of(legacy.GetType(), workflow, options.IsCalledByRunIterations) is { Length: > 0 } members)
        {
            yield return new(
                "COMPAT0704",
                $"{legacy.GetType().Name} overrides {string.Join(", ", members)}, which the engine does not call: what it does would be lost in silence. Move "
                + "it into a hook or into the model's TrainStep, or run this trainer with Run for now.");
        }
    }

    private BatchLoader? FirstOf(string mode) => workflow.Zip(dataLoaders).FirstOrDefault(pair => pair.First.Mode == mode).Second;

    private IEnumerable<int> TrainLengths() => workflow.Zip(dataLoaders).Where(pair => pair.First.Mode == "train").Select(pair => pair.Second.Length);

    private string? WorkflowFault() =>
        dataLoaders.Count != workflow.Count ? "give one loader for each flow."
        : workflow.FirstOrDefault(flow => flow.Mode is not ("train" or "val")) is { Mode: { } mode } ? $"there is a mode '{mode}'; write 'train' or 'val'."
        : workflow.Any(flow => flow is { Mode: "train", Epochs: > 0 }) ? null
        : "nothing trains in it. Add a flow ('train', 1).";

    private string? NoLimit() => legacy switch
    {
        IterBasedRunner { MaxIters: null } => NoLimit(
            "MaxIters", "MaxEpochs", "iterations", legacy.MaxEpochs, (length, epochs) => $"{epochs} epochs of {length} batches are {epochs * length} iterations."),
        EpochBasedRunner { MaxEpochs: null } => NoLimit(
            "MaxEpochs", "MaxIters", "epochs", legacy.MaxIters, (length, iters) => $"{iters} iterations are {(iters + length - 1) / length} epochs of {length} batches."),
        _ => null,
    };

    private string NoLimit(string option, string other, string units, int? set, Func<int, int, string> convert)
    {
        if (set is not { } number)
        {
            return $"The runner has no {option}, so the engine does not know when to stop. Set {option} in the runner's options.";
        }

        string hint = FirstOf("train") is { Length: > 0 and int length } ? $": {convert(length, number)}" : ".";
        return $"{other} is {number}, but {legacy.GetType().Name} counts {units}. Set {option} in the runner's options instead{hint}";
    }
}
