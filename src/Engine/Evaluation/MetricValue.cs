using System.Globalization;

namespace Compat.Engine.Evaluation;

/// <summary>What a metric gives under one name: a number, an array of numbers, or nothing.</summary>
/// <remarks>
/// MMEngine's metrics may give anything. Numbers are logged and compared; an array (one number per class, for example) is only shown; nothing
/// (<see cref="None"/>, Python's <c>None</c>) says that the value could not be computed this time.
/// </remarks>
public readonly struct MetricValue : IEquatable<MetricValue>
{
    private readonly double? number;
    private readonly double[]? array;

    /// <summary>Makes a number.</summary>
    /// <param name="number">The number; NaN and infinities are allowed.</param>
    public MetricValue(double number) => this.number = number;

    /// <summary>Makes an array.</summary>
    /// <param name="array">The numbers; they are copied.</param>
    public MetricValue(IEnumerable<double> array) => this.array = [.. array];

    /// <summary>Gets the value that is nothing; it is the default of this type.</summary>
    public static MetricValue None => default;

    /// <summary>Gets whether this is a number.</summary>
    public bool IsNumber => number is not null;

    /// <summary>Gets whether this is an array.</summary>
    public bool IsArray => array is not null;

    /// <summary>Gets whether this is nothing.</summary>
    public bool IsNone => number is null && array is null;

    /// <summary>Gets the number.</summary>
    /// <exception cref="InvalidOperationException">This is no number.</exception>
    public double Number => number
        ?? throw new InvalidOperationException($"The metric is {Describe()}, not a number. Look at IsNumber first, or read Array where IsArray.");

    /// <summary>Gets the numbers of an array.</summary>
    /// <exception cref="InvalidOperationException">This is no array.</exception>
    public IReadOnlyList<double> Array => array
        ?? throw new InvalidOperationException($"The metric is {Describe()}, not an array. Look at IsArray first, or read Number where IsNumber.");

    /// <summary>Makes a number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator MetricValue(double number) => new(number);

    /// <summary>Makes an array.</summary>
    /// <param name="array">The numbers; they are copied.</param>
    public static implicit operator MetricValue(double[] array) => new(array);

    /// <summary>Compares kind and numbers; NaN equals NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(MetricValue left, MetricValue right) => left.Equals(right);

    /// <summary>Compares kind and numbers; NaN equals NaN.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(MetricValue left, MetricValue right) => !left.Equals(right);

    /// <summary>Makes a number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>The value.</returns>
    public static MetricValue FromDouble(double number) => new(number);

    /// <summary>Makes an array.</summary>
    /// <param name="array">The numbers; they are copied.</param>
    /// <returns>The value.</returns>
    public static MetricValue FromArray(double[] array) => new(array);

    /// <inheritdoc/>
    public bool Equals(MetricValue other) =>
        Nullable.Equals(number, other.number)
        && IsArray == other.IsArray
        && (array is null || array.AsSpan().SequenceEqual(other.array));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is MetricValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(number, array?.Length, array?.FirstOrDefault());

    /// <summary>Writes the value out.</summary>
    /// <returns>For example <c>0.5</c>, <c>[0.25, 1]</c> or <c>None</c>, whatever the culture.</returns>
    public override string ToString() =>
        number is { } value ? Text(value)
        : array is not null ? $"[{string.Join(", ", array.Select(Text))}]"
        : "None";

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private string Describe() => IsNumber ? $"the number {this}" : array is null ? "nothing" : $"an array of {array.Length} numbers";
}
