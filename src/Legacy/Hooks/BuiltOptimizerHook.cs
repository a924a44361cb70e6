namespace Compat.Legacy;

/// <summary>A hook in the place of the settings of the optimizer hook; what the record inherits means nothing.</summary>
internal sealed record BuiltOptimizerHook : OptimizerConfig
{
    private readonly Hook hook;

    public BuiltOptimizerHook(Hook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        this.hook = hook;
    }

    internal override bool IsBuilt => true;

    public override Hook Build() => hook;
}
