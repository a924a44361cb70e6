namespace Compat.Legacy;

/// <summary>Settings that all loggers share. One record per logger.</summary>
public abstract record LoggerConfig : HookConfig
{
    /// <summary>Gets how many iterations lie between two entries.</summary>
    /// <value>The default is <see langword="null"/>: that of <see cref="LogConfig"/>, or 10 without one.</value>
    public int? Interval { get; init; }

    /// <summary>Gets whether the last iterations of an epoch, fewer than an interval, are left out.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool IgnoreLast { get; init; } = true;

    /// <summary>Gets whether the averages are cleared after logging. The last logger of a runner does it in any case.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool ResetFlag { get; init; }

    /// <summary>Gets whether entries count by epoch rather than by iteration.</summary>
    /// <value>
    /// The default is <see langword="null"/>: what the runner says when it registers its training hooks (<see cref="Runners.BaseRunner.DefaultByEpoch"/>);
    /// epochs otherwise, as in MMCV.
    /// </value>
    public bool? ByEpoch { get; init; }

    /// <inheritdoc/>
    public abstract override LoggerHook Build();
}
