namespace Compat.Legacy;

/// <summary>The loggers of a training: MMCV's <c>log_config</c>.</summary>
public sealed record LogConfig
{
    /// <summary>Gets how many iterations lie between two entries, for loggers that say nothing else.</summary>
    /// <value>MMCV has no default here.</value>
    public required int Interval { get; init; }

    /// <summary>Gets the loggers, in the order in which they are registered. A logger that exists already is registered by itself, as in MMCV.</summary>
    /// <value>The default is one text logger.</value>
    public IReadOnlyList<LoggerConfig> Hooks { get; init; } = [new TextLoggerConfig()];
}
