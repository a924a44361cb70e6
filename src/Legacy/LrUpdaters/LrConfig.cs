namespace Compat.Legacy;

/// <summary>The schedule of the learning rate: MMCV's <c>lr_config</c>. One record per policy.</summary>
public abstract record LrConfig : ScheduleConfig
{
    /// <summary>Begins with MMCV's defaults.</summary>
    protected LrConfig()
        : base(warmupRatio: 0.1)
    {
    }

    /// <summary>Gets whether <see cref="ScheduleConfig.WarmupIters"/> counts epochs.</summary>
    /// <value>The default is <see langword="false"/>: iterations.</value>
    public bool WarmupByEpoch { get; init; }

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    public static implicit operator LrConfig(Hook hook) => FromHook(hook);

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Settings whose hook is this one.</returns>
    public static new LrConfig FromHook(Hook hook) => new BuiltLrHook(hook);
}
