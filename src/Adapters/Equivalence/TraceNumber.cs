using System.Globalization;

namespace Compat.Adapters.Equivalence;

/// <summary>An observed number.</summary>
/// <param name="value">The number.</param>
public sealed class TraceNumber(double value) : TraceValue
{
    /// <summary>Gets the number.</summary>
    public double Value => value;

    private protected override string Kind => "a number";

    private protected override string? Difference(TraceValue other)
    {
        (long mine, long theirs) = (BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(((TraceNumber)other).Value));
        return mine == theirs ? null : BitText.Against(Text(value), Text(((TraceNumber)other).Value), BitText.Hex(mine, 8), BitText.Hex(theirs, 8));
    }

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
