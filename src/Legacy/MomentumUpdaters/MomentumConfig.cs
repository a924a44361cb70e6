namespace Compat.Legacy;

/// <summary>The schedule of the momentum: MMCV's <c>momentum_config</c>. One record per policy.</summary>
/// <remarks>As in MMCV, a runner by iteration does not make it count iterations: set <see cref="ScheduleConfig.ByEpoch"/> to <see langword="false"/> there.</remarks>
public abstract record MomentumConfig : ScheduleConfig
{
    /// <summary>Begins with MMCV's defaults.</summary>
    protected MomentumConfig()
        : base(warmupRatio: 0.9)
    {
    }

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    public static implicit operator MomentumConfig(Hook hook) => FromHook(hook);

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Settings whose hook is this one.</returns>
    public static new MomentumConfig FromHook(Hook hook) => new BuiltMomentumHook(hook);
}
