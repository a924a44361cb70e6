using Compat.Adapters.Diagnostics;
using Compat.Adapters.Hooks;
using Compat.Engine.Hooks;
using Compat.Engine.Optim;
using LegacyHook = Compat.Legacy.Hook;
using LegacyOptimizerHook = Compat.Legacy.OptimizerHook;
using OptimizerSet = Compat.Legacy.OptimizerSet;
using ScheduleHook = Compat.Legacy.ScheduleHook;
using TextLoggerHook = Compat.Legacy.TextLoggerHook;

namespace Compat.Adapters.Optim;

/// <summary>Finds out, before anything is trained, whether exactly one part of a run updates the weights: the wrapper, a legacy hook, or the model.</summary>
internal static class UpdateOwnerCheck
{
    private const string GiveToWrapper =
        "Give the wrapper one, for example new DeferredOptimWrapperOptions(new FusedSgd(model.parameters(), new() { Lr = 0.01 })).";

    /// <summary>Checks the parts of an engine's run.</summary>
    /// <param name="wrapper">The engine's wrapper.</param>
    /// <param name="hooks">The engine's hooks; <see langword="null"/> without a runner, when there is nothing to check.</param>
    /// <exception cref="CompatException">There are two owners, several hooks, or no owner.</exception>
    public static void Check(BaseOptimWrapper wrapper, HookList? hooks)
    {
        LegacyHook[] all = hooks is null ? [] : [.. hooks.All.SelectMany(LegacyHooksOf)];
        LegacyHook[] found = [.. all.OfType<LegacyOptimizerHook>()];
        bool isLeftToHook = wrapper is DeferredOptimWrapper { Owner: UpdateOwner.Hook };
        CompatDiagnostic?[] refusals =
        [
            found.Length > 0 && !isLeftToHook ? TwoOwners($"{found[0].Name} is registered, but {Name(wrapper)} updates the weights already") : null,
            found.Length > 1 ? Several(found) : null,
            hooks is not null && isLeftToHook && found.Length == 0 ? NoOwner() : null,
            wrapper is DeferredOptimWrapper deferred ? NoOptimizer(all, deferred.Optimizer, GiveToWrapper) : null,
        ];
        CompatException.ThrowIfAny(refusals);
    }

    /// <summary>Tells that the weights would be updated twice.</summary>
    /// <param name="what">Who is the second owner, and who the first, as the beginning of a sentence.</param>
    /// <returns>COMPAT0201.</returns>
    public static CompatDiagnostic TwoOwners(string what) => new("COMPAT0201", $"{what}: each iteration would update twice. Remove one of the two.");

    /// <summary>Tells that several hooks update the weights.</summary>
    /// <param name="hooks">The hooks.</param>
    /// <returns>COMPAT0202.</returns>
    public static CompatDiagnostic Several(IReadOnlyList<LegacyHook> hooks) => new(
        "COMPAT0202",
        $"The runner has {hooks.Count} optimizer hooks ({string.Join(", ", hooks.Select(hook => hook.Name))}): each iteration would update {hooks.Count} "
        + "times. Keep one.");

    /// <summary>Tells that hooks lack the one optimizer that they need, which they would find out in the middle of a run, as in MMCV.</summary>
    /// <param name="hooks">All legacy hooks. A derived optimizer hook may have an optimizer of its own, or choose among several.</param>
    /// <param name="optimizer">What there is.</param>
    /// <param name="give">How to give the optimizer, as a sentence.</param>
    /// <returns>COMPAT0204; <see langword="null"/> if they have what they need.</returns>
    public static CompatDiagnostic? NoOptimizer(IEnumerable<LegacyHook> hooks, OptimizerSet? optimizer, string give)
    {
        LegacyHook[] needing = [.. hooks.Where(hook => hook is ScheduleHook or TextLoggerHook || LegacyUpdate.IsKnown(hook))];
        return optimizer switch
        {
            null when needing.Length > 0 => new(
                "COMPAT0204",
                $"There is no optimizer, but {string.Join(", ", needing.Select(hook => hook.Name))} {(needing.Length == 1 ? "needs" : "need")} one. {give}"),
            { IsNamed: true } when needing.FirstOrDefault(LegacyUpdate.IsKnown) is { } hook => new(
                "COMPAT0204",
                $"{hook.Name} steps one optimizer, but there are several by name: {string.Join(", ", optimizer.All.Select(entry => entry.Key))}. Give one, or "
                + "leave the hook out and let the model, or a hook of your own, step them."),
            _ => null,
        };
    }

    /// <summary>Names who updates the weights.</summary>
    /// <param name="wrapper">The engine's wrapper.</param>
    /// <returns>The owner.</returns>
    public static string Name(BaseOptimWrapper wrapper) => wrapper switch
    {
        DeferredOptimWrapper { Owner: UpdateOwner.Model } => "the model itself",
        DeferredOptimWrapper => "a legacy optimizer hook",
        LegacyOptimWrapper or LegacyAmpOptimWrapper => $"the {wrapper.GetType().Name["Legacy".Length..]} in place of the legacy hook",
        _ => wrapper.GetType().Name,
    };

    /// <summary>Gets the legacy hooks that a hook of the engine calls.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>The hooks, in order.</returns>
    public static IEnumerable<LegacyHook> LegacyHooksOf(Hook hook) => hook switch
    {
        LegacyHookAdapter adapter => [adapter.LegacyHook],
        LegacyHooksAdapter adapter => adapter.Called,
        _ => [],
    };

    private static CompatDiagnostic NoOwner() => new(
        "COMPAT0206",
        "The update is left to a legacy optimizer hook, but none is registered: the weights would never change. Add the hook to CustomHooks, for example "
        + "CustomHooks = [new OptimizerHook().AsEngine()], or set Owner = UpdateOwner.Model if the model updates its weights in its own step.");
}
