namespace Compat.Adapters.Equivalence;

/// <summary>One observed value: a number, a list of whole numbers, or the content of a tensor.</summary>
public abstract class TraceValue
{
    private protected TraceValue()
    {
    }

    /// <summary>Gets what kind of value it is, in words.</summary>
    private protected abstract string Kind { get; }

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator TraceValue(double number) => new TraceNumber(number);

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>The value.</returns>
    public static TraceValue FromDouble(double number) => new TraceNumber(number);

    /// <summary>Finds the first difference to another value, bit by bit: zeros of either sign differ, and so do NaNs with other bits.</summary>
    /// <param name="other">The other value.</param>
    /// <returns>Both values, for example <c>0.0123 against 0.0125</c>; <see langword="null"/> if they are the same.</returns>
    public string? DifferenceTo(TraceValue other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Kind == other.Kind ? Difference(other) : $"{Kind} against {other.Kind}";
    }

    /// <summary>Describes the value for a message.</summary>
    /// <returns>Its kind.</returns>
    public override string ToString() => Kind;

    /// <summary>Finds the first difference to a value of the same kind.</summary>
    private protected abstract string? Difference(TraceValue other);
}
