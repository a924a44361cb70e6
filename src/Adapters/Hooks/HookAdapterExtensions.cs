using System.Runtime.CompilerServices;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Hooks;

/// <summary>Gives the engine's view of a legacy hook, schedules among them.</summary>
public static class HookAdapterExtensions
{
    private static readonly ConditionalWeakTable<LegacyHook, LegacyHookAdapter> Views = [];

    /// <summary>Lets the engine call a legacy hook, at the priority that MMCV registers its kind with.</summary>
    /// <param name="legacy">The hook.</param>
    /// <returns>The view; the same one for the same hook.</returns>
    public static LegacyHookAdapter AsEngine(this LegacyHook legacy) => Views.GetValue(legacy, static hook => new LegacyHookAdapter(hook));

    /// <summary>Gives back the hook whose view an adapter is.</summary>
    /// <param name="adapter">The view.</param>
    /// <returns>The legacy hook.</returns>
    public static LegacyHook AsLegacy(this LegacyHookAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return adapter.LegacyHook;
    }
}
