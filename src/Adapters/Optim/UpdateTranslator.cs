using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using static TorchSharp.torch;

namespace Compat.Adapters.Optim;

/// <summary>Decides whether the optimizer hook of a legacy runner is kept or replaced by the engine's wrapper, and makes that wrapper.</summary>
/// <remarks>
/// Preserves: weights, windows of accumulation, the scaler and its state, clipping over the whole model, clearing of gradients, log values.
/// Changes: if it is asked for, hooks before the optimizer hook see the updated weights (COMPAT0203), and a resumed training counts its last window from the
/// start (COMPAT0208).
/// Rejects: several optimizer hooks (COMPAT0202), hooks without an optimizer (COMPAT0204), a translation of what the engine's wrapper does not do (COMPAT0205).
/// </remarks>
/// <param name="legacy">The runner. It is asked anew each time, since hooks may be registered until training starts.</param>
/// <param name="optimization">What the user wants.</param>
internal sealed class UpdateTranslator(BaseRunner legacy, Optimization optimization)
{
    private const string GiveToRunner =
        "Set Optimizer in the runner's options, for example Optimizer = new FusedSgd(model.parameters(), new() { Lr = 0.01 }).";

    /// <summary>Gets the hook that the engine's wrapper stands in for; <see langword="null"/> if the old way is kept.</summary>
    public OptimizerHook? Translated => optimization switch
    {
        Optimization.KeepHooks => null,
        Optimization.Translate => Translatable,
        _ => Translatable is { } hook && hook.GetType() == typeof(OptimizerHook) && HooksBefore(hook).Length == 0 ? hook : null,
    };

    private OptimizerHook[] OptimizerHooks => [.. legacy.Hooks.OfType<OptimizerHook>()];

    private OptimizerHook? Translatable =>
        OptimizerHooks is [var hook] && LegacyUpdate.IsKnown(hook) && !hook.Config.DetectAnomalousParams ? hook : null;

    /// <summary>Finds what cannot be carried over.</summary>
    /// <returns>The refusals.</returns>
    public IEnumerable<CompatDiagnostic> Refusals()
    {
        OptimizerHook[] found = OptimizerHooks;
        CompatDiagnostic?[] refusals = [found.Length > 1 ? UpdateOwnerCheck.Several(found) : null, UpdateOwnerCheck.NoOptimizer(legacy.Hooks, legacy.Optimizer, GiveToRunner) ?? NoTranslation(found)];
        return refusals.OfType<CompatDiagnostic>();
    }

    /// <summary>Finds what a translation that was asked for changes.</summary>
    /// <returns>The changes.</returns>
    public IEnumerable<CompatDiagnostic> Changes()
    {
        if (Translated is not { } hook)
        {
            yield break;
        }

        if (HooksBefore(hook) is { Length: > 0 } before)
        {
            yield return new(
                "COMPAT0203",
                $"Between the step and {hook.Name} there are hooks: {string.Join(", ", before)}. With the update translated, they come after it: they see the "
                + "new weights, and what they do to outputs or weights comes too late for this update. Use Optimization.Automatic, register them behind the "
                + "optimizer hook, or add \"COMPAT0203\" to AcceptedChanges.");
        }

        if (LegacyUpdate.CumulativeItersOf(hook) > 1 && legacy.Options.Behavior.RemainderRule == RemainderRule.FromResume)
        {
            yield return new(
                "COMPAT0208",
                $"The runner's RemainderRule is FromResume: {hook.Name} counts its last window of {LegacyUpdate.CumulativeItersOf(hook)} iterations from where training is "
                + "resumed. The engine counts it from the start, so that a resumed training divides its last losses by another number. Use Optimization.Automatic, set "
                + "RemainderRule = RemainderRule.FromStart, or add \"COMPAT0208\" to AcceptedChanges if training starts at iteration 0.");
        }
    }

    /// <summary>Makes the wrapper.</summary>
    /// <param name="model">The model.</param>
    /// <returns>The wrapper; the caller owns it.</returns>
    public BaseOptimWrapper Build(nn.Module model)
    {
        if (Translated is { } hook)
        {
            return LegacyUpdate.Translate(hook, legacy, model);
        }

        UpdateOwner owner = OptimizerHooks.Length > 0 ? UpdateOwner.Hook : UpdateOwner.Model;
        return new DeferredOptimWrapperOptions(legacy.Optimizer) { Owner = owner }.Build(model);
    }

    private CompatDiagnostic? NoTranslation(OptimizerHook[] found) =>
        optimization != Optimization.Translate || found.Length > 1 || Translatable is not null ? null : new(
            "COMPAT0205",
            found switch
            {
                [{ Config.DetectAnomalousParams: true } hook] when LegacyUpdate.IsKnown(hook) =>
                    $"{hook.Name} cannot be translated: DetectAnomalousParams is set, and the engine's wrapper does not look for anomalous parameters. ",
                [var derived] => $"{derived.Name} cannot be translated: what it does beyond an OptimizerHook is not known. ",
                _ => "There is no optimizer hook to translate: the model, or a hook of another kind, updates the weights. ",
            }
            + "Use Optimization.Automatic, which keeps the old way, or port the update to the engine's OptimWrapper.");

    private string[] HooksBefore(OptimizerHook hook) =>
    [
        .. legacy.Hooks.TakeWhile(other => !ReferenceEquals(other, hook))
            .Where(other => other.GetTriggeredStages().Contains(HookStage.AfterTrainIter))
            .Select(other => other.Name),
    ];
}
