namespace Compat.Legacy;

/// <summary>Settings of <see cref="TextLoggerHook"/>.</summary>
public sealed record TextLoggerConfig : LoggerConfig
{
    /// <summary>Gets how many iterations lie between two lines with the experiment's name (<c>exp_name</c> in the runner's meta).</summary>
    /// <value>The default is 1000. It is printed at the end of each epoch too.</value>
    public int IntervalExpName { get; init; } = 1000;

    /// <inheritdoc/>
    public override TextLoggerHook Build() => new TextLoggerHook(this);
}
