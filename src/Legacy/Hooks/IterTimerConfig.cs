namespace Compat.Legacy;

/// <summary>Builds an <see cref="IterTimerHook"/>, which has no settings.</summary>
public sealed record IterTimerConfig : HookConfig
{
    /// <inheritdoc/>
    public override IterTimerHook Build() => new();
}
