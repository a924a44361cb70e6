namespace Compat.Engine.Schedulers;

/// <summary>What a step of a schedule is.</summary>
public enum ScheduleUnit
{
    /// <summary>An iteration.</summary>
    Iteration,

    /// <summary>An epoch.</summary>
    Epoch,

    /// <summary>An update of the weights: with accumulation one window, and a step that a loss scaler skipped counts too.</summary>
    Update,
}
