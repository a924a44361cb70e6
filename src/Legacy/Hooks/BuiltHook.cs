namespace Compat.Legacy;

/// <summary>A hook in the place of its settings.</summary>
internal sealed record BuiltHook : HookConfig
{
    private readonly Hook hook;

    public BuiltHook(Hook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        this.hook = hook;
    }

    internal override bool IsBuilt => true;

    public override Hook Build() => hook;
}
