namespace Compat.Legacy;

/// <summary>A hook in the place of the settings of a schedule; what the record inherits means nothing.</summary>
internal sealed record BuiltMomentumHook : MomentumConfig
{
    private readonly Hook hook;

    public BuiltMomentumHook(Hook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        this.hook = hook;
    }

    internal override bool IsBuilt => true;

    public override Hook Build() => hook;
}
