namespace Compat.Engine.Schedulers;

/// <summary>What a schedule computes a group's next value from.</summary>
/// <param name="Current">The present value. Schedules that multiply it compose.</param>
/// <param name="Initial">The value that the group had before it was scheduled.</param>
/// <param name="Index">The number of the group.</param>
public readonly record struct GroupValue(double Current, double Initial, int Index);
