namespace Compat.Engine.Hooks;

/// <summary>Which of the hooks that every run has are registered.</summary>
public sealed record DefaultHooks
{
    /// <summary>Gets whether <see cref="RuntimeInfoHook"/> is registered; without it nothing is logged and no loss is watched.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool RuntimeInfo { get; init; } = true;

    /// <summary>Gets whether <see cref="IterTimerHook"/> is registered.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Timer { get; init; } = true;

    /// <summary>Gets whether <see cref="DistSamplerSeedHook"/> is registered.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool SamplerSeed { get; init; } = true;

    /// <summary>Gets the settings of <see cref="LoggerHook"/>.</summary>
    /// <value>The default logs every 10 iterations; <see langword="null"/> removes the hook.</value>
    public LoggerHookOptions? Logger { get; init; } = new();

    /// <summary>Gets whether <see cref="ParamSchedulerHook"/> is registered.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ParamScheduler { get; init; } = true;
}
