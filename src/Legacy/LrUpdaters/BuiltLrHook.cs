namespace Compat.Legacy;

/// <summary>A hook in the place of the settings of a schedule; what the record inherits means nothing.</summary>
internal sealed record BuiltLrHook : LrConfig
{
    private readonly Hook hook;

    public BuiltLrHook(Hook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        this.hook = hook;
    }

    internal override bool IsBuilt => true;

    public override Hook Build() => hook;
}
