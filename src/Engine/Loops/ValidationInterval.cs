namespace Compat.Engine.Loops;

/// <summary>When a training is interrupted by a validation: every so many epochs or iterations from a first one on, and after the last one.</summary>
/// <remarks>Source: MMEngine's <c>val_begin</c>, <c>val_interval</c> and <c>dynamic_intervals</c>.</remarks>
public sealed record ValidationInterval
{
    /// <summary>Makes an interval.</summary>
    /// <param name="begin">The first epoch or iteration, counted from 1, that a validation may follow.</param>
    /// <param name="interval">How many lie between two validations, at least 1.</param>
    /// <param name="dynamicIntervals">
    /// Other intervals, each at least 1, with the epoch or iteration, counted from 1, from which it takes the place of the one before, in ascending order.
    /// <see langword="null"/>, the default, for none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An interval is below 1.</exception>
    public ValidationInterval(int begin, int interval, IReadOnlyList<(int Milestone, int Interval)>? dynamicIntervals = null)
    {
        if (interval < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(interval), interval, $"ValInterval is {interval}; it must be at least 1. To train without validation, leave ValDataloader out.");
        }

        Begin = begin;
        Interval = interval;
        DynamicIntervals = dynamicIntervals;
        foreach ((int milestone, int other) in (dynamicIntervals ?? []).Where(step => step.Interval < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(dynamicIntervals), other, $"DynamicIntervals has the interval {other} from {milestone} on; it must be at least 1. Use 1 to validate each time.");
        }
    }

    /// <summary>Gets the first epoch or iteration, counted from 1, that a validation may follow.</summary>
    public int Begin { get; }

    /// <summary>Gets how many epochs or iterations lie between two validations, before another interval takes its place.</summary>
    public int Interval { get; }

    /// <summary>Gets the intervals that take its place, each with the epoch or iteration from which it does.</summary>
    /// <value><see langword="null"/> if there are none.</value>
    public IReadOnlyList<(int Milestone, int Interval)>? DynamicIntervals { get; }

    /// <summary>Gives the interval in force.</summary>
    /// <param name="finished">How many epochs or iterations are finished.</param>
    /// <returns>
    /// Before the first one is finished, <see cref="Interval"/>; then the interval of the last milestone that is at most <c>finished + 1</c>: as in MMEngine, the
    /// one of the epoch or iteration to come.
    /// </returns>
    public int At(int finished) => finished > 0 && MilestonesUpTo(finished + 1) is > 0 and int passed ? DynamicIntervals![passed - 1].Interval : Interval;

    /// <summary>Tells whether a validation follows.</summary>
    /// <param name="finished">How many epochs or iterations are finished.</param>
    /// <param name="maximum">How many there are; the last one is validated whatever the interval.</param>
    /// <returns>Whether it does; never before the first one is finished.</returns>
    public bool IsDue(int finished, int maximum) => finished > 0 && finished >= Begin && (finished % At(finished) == 0 || finished == maximum);

    // As Python's bisect over a 0 and the milestones, so that a list out of order means what it means in MMEngine.
    private int MilestonesUpTo(int number)
    {
        int low = 0;
        int high = 1 + (DynamicIntervals?.Count ?? 0);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (middle > 0 && number < DynamicIntervals![middle - 1].Milestone)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low - 1;
    }
}
