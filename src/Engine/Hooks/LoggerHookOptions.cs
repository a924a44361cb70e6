namespace Compat.Engine.Hooks;

/// <summary>Settings of <see cref="LoggerHook"/>.</summary>
public sealed record LoggerHookOptions
{
    /// <summary>Gets how many iterations lie between two lines.</summary>
    /// <value>At least 1. The default is 10.</value>
    public int Interval { get; init; } = 10;

    /// <summary>Gets whether the last iterations of an epoch, fewer than an interval, are left out.</summary>
    /// <value>The default is <see langword="true"/>. A loader that is not longer than the interval is logged at its end in any case.</value>
    public bool IgnoreLast { get; init; } = true;

    /// <summary>Gets how many iterations lie between two lines with the experiment's name. It is printed at the end of each epoch too.</summary>
    /// <value>At least 1. The default is 1000.</value>
    public int IntervalExpName { get; init; } = 1000;
}
