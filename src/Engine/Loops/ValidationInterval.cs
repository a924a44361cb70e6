namespace Compat.Engine.Loops;

/// <summary>When a training is interrupted by a validation: every so many epochs or iterations from a first one on, and after the last one.</summary>
/// <remarks>Source: MMEngine's <c>val_begin</c> and <c>val_interval</c>.</remarks>
public sealed record ValidationInterval
{
    /// <summary>Makes an interval.</summary>
    /// <param name="begin">The first epoch or iteration, counted from 1, that a validation may follow.</param>
    /// <param name="interval">How many lie between two validations, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is below 1.</exception>
    public ValidationInterval(int begin, int interval)
    {
        if (interval < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(interval), interval, $"ValInterval is {interval}; it must be at least 1. To train without validation, leave ValDataloader out.");
        }

        Begin = begin;
        Interval = interval;
    }

    /// <summary>Gets the first epoch or iteration, counted from 1, that a validation may follow.</summary>
    public int Begin { get; }

    /// <summary>Gets how many epochs or iterations lie between two validations.</summary>
    public int Interval { get; }

    /// <summary>Tells whether a validation follows.</summary>
    /// <param name="finished">How many epochs or iterations are finished.</param>
    /// <param name="maximum">How many there are; the last one is validated whatever the interval.</param>
    /// <returns>Whether it does.</returns>
    public bool IsDue(int finished, int maximum) => finished >= Begin && (finished % Interval == 0 || finished == maximum);
}
