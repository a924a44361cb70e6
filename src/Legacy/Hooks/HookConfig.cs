namespace Compat.Legacy;

/// <summary>Settings from which a runner builds a hook, or a hook that exists already. One record per kind of hook.</summary>
/// <remarks>
/// Derive a record for a hook of your own: its settings are properties, <see cref="Build"/> makes the hook. Wherever settings are taken, a hook is taken
/// too, as in MMCV.
/// </remarks>
public abstract record HookConfig
{
    /// <summary>Gets whether <see cref="Build"/> gives a hook that exists already, so that the runner does not dispose it.</summary>
    internal virtual bool IsBuilt => false;

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    public static implicit operator HookConfig(Hook hook) => FromHook(hook);

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Settings whose hook is this one.</returns>
    public static HookConfig FromHook(Hook hook) => new BuiltHook(hook);

    /// <summary>Makes the hook: a new one at each call. A runner that builds it disposes it, if it is disposable.</summary>
    /// <returns>The hook.</returns>
    public abstract Hook Build();
}
