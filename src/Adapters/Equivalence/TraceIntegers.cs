namespace Compat.Adapters.Equivalence;

/// <summary>An observed list of whole numbers, such as positions in a dataset.</summary>
/// <param name="values">The numbers.</param>
public sealed class TraceIntegers(IReadOnlyList<long> values) : TraceValue
{
    /// <summary>Gets the numbers.</summary>
    public IReadOnlyList<long> Values => values;

    private protected override string Kind => "whole numbers";

    private protected override string? Difference(TraceValue other)
    {
        IReadOnlyList<long> others = ((TraceIntegers)other).Values;
        return values.SequenceEqual(others) ? null : $"[{string.Join(", ", values)}] against [{string.Join(", ", others)}]";
    }
}
