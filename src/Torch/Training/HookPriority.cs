using System.Globalization;

namespace Compat.Torch.Training;

/// <summary>
/// Where a hook stands in the order of hooks: a number from 0, which runs first, to 100. Nine of them have names; the others, such as 3 or 35, are
/// legal too.
/// </summary>
/// <remarks>Source: <c>Priority</c> and <c>get_priority</c>, the same in MMCV and MMEngine.</remarks>
public readonly record struct HookPriority : IComparable<HookPriority>
{
    private static readonly (string Name, int Value)[] Names =
    [
        ("HIGHEST", 0), ("VERY_HIGH", 10), ("HIGH", 30), ("ABOVE_NORMAL", 40), ("NORMAL", 50),
        ("BELOW_NORMAL", 60), ("LOW", 70), ("VERY_LOW", 90), ("LOWEST", 100),
    ];

    /// <summary>Makes a priority.</summary>
    /// <param name="value">From 0 to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside 0 to 100.</exception>
    public HookPriority(int value)
    {
        if (value is < 0 or > 100)
        {
            throw new ArgumentOutOfRangeException(
                nameof(value), value, $"The hook priority is {value}; it must be from 0 (runs first) to 100 (runs last).");
        }

        Value = value;
    }

    /// <summary>Gets 0: before everything else.</summary>
    public static HookPriority Highest { get; } = new(0);

    /// <summary>Gets 10: the learning rate is set or recorded.</summary>
    public static HookPriority VeryHigh { get; } = new(10);

    /// <summary>Gets 30.</summary>
    public static HookPriority High { get; } = new(30);

    /// <summary>Gets 40: the legacy optimizer hook.</summary>
    public static HookPriority AboveNormal { get; } = new(40);

    /// <summary>Gets 50: hooks that say nothing else.</summary>
    public static HookPriority Normal { get; } = new(50);

    /// <summary>Gets 60: the engine's logger.</summary>
    public static HookPriority BelowNormal { get; } = new(60);

    /// <summary>Gets 70: the legacy timer, the engine's schedulers.</summary>
    public static HookPriority Low { get; } = new(70);

    /// <summary>Gets 90: the legacy loggers, the engine's checkpoints.</summary>
    public static HookPriority VeryLow { get; } = new(90);

    /// <summary>Gets 100: after everything else.</summary>
    public static HookPriority Lowest { get; } = new(100);

    /// <summary>Gets the number.</summary>
    public int Value { get; }

    /// <summary>Makes a priority of a number.</summary>
    /// <param name="value">From 0 to 100.</param>
    public static implicit operator HookPriority(int value) => new(value);

    /// <summary>Makes a priority of a number.</summary>
    /// <param name="value">From 0 to 100.</param>
    /// <returns>The priority.</returns>
    public static HookPriority FromInt32(int value) => new(value);

    /// <summary>Reads a name such as <c>VERY_HIGH</c>; upper and lower case are the same.</summary>
    /// <param name="name">One of the nine names.</param>
    /// <returns>The priority.</returns>
    /// <exception cref="KeyNotFoundException">There is no such name.</exception>
    public static HookPriority Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach ((string known, int value) in Names)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
            {
                return new(value);
            }
        }

        throw new KeyNotFoundException(
            $"There is no hook priority '{name}'. The names are {string.Join(", ", Names.Select(entry => entry.Name))}; a number from 0 to 100 also serves.");
    }

    /// <summary>Compares by number: the lower one runs first.</summary>
    /// <param name="left">One priority.</param>
    /// <param name="right">The other.</param>
    public static bool operator <(HookPriority left, HookPriority right) => left.Value < right.Value;

    /// <summary>Compares by number: the lower one runs first.</summary>
    /// <param name="left">One priority.</param>
    /// <param name="right">The other.</param>
    public static bool operator >(HookPriority left, HookPriority right) => left.Value > right.Value;

    /// <summary>Compares by number: the lower one runs first.</summary>
    /// <param name="left">One priority.</param>
    /// <param name="right">The other.</param>
    public static bool operator <=(HookPriority left, HookPriority right) => left.Value <= right.Value;

    /// <summary>Compares by number: the lower one runs first.</summary>
    /// <param name="left">One priority.</param>
    /// <param name="right">The other.</param>
    public static bool operator >=(HookPriority left, HookPriority right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public int CompareTo(HookPriority other) => Value.CompareTo(other.Value);

    /// <summary>Gives the name as the originals print it, or the bare number if it has none.</summary>
    /// <returns>For example <c>VERY_HIGH</c> or <c>35</c>.</returns>
    public override string ToString()
    {
        int value = Value;
        return Array.Find(Names, entry => entry.Value == value).Name ?? value.ToString(CultureInfo.InvariantCulture);
    }
}
