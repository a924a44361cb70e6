using System.Numerics;
using System.Runtime.CompilerServices;

namespace Compat.Torch.Serialization;

/// <summary>Tells whether two keys are the same. What has no value of its own (tensors, objects) is itself only.</summary>
internal sealed class PthKeyComparer : IEqualityComparer<PthValue>
{
    private readonly bool asPython;

    private PthKeyComparer(bool asPython) => this.asPython = asPython;

    /// <summary>Gets the comparer in which the kind counts: 1, 1.0 and True are three keys.</summary>
    public static PthKeyComparer Exact { get; } = new(asPython: false);

    /// <summary>Gets Python's, in which 1, 1.0 and True are one key, and tuples are compared by their items.</summary>
    /// <remarks>Keys go through <see cref="PthKey.CountParts"/> first.</remarks>
    public static PthKeyComparer Python { get; } = new(asPython: true);

    public bool Equals(PthValue? x, PthValue? y) => ReferenceEquals(x, y) || (x, y) switch
    {
        (PthText one, PthText other) => one.Value == other.Value,
        (PthBytes one, PthBytes other) => one.Value.Span.SequenceEqual(other.Value.Span),
        (PthInteger or PthBool or PthFloat, PthInteger or PthBool or PthFloat) => asPython ? AreOneNumber(x, y) : x.Equals(y),
        (PthSequence { Kind: PthSequenceKind.Tuple } one, PthSequence { Kind: PthSequenceKind.Tuple } other) => asPython && one.Items.SequenceEqual(other.Items, this),
        (PthObject { Arguments: null } one, PthObject { Arguments: null } other) => one.Name == other.Name,
        _ => false,
    };

    // Values come from outside, so hashes must not be foreseeable, or all keys of a file could have one.
    public int GetHashCode(PthValue value) => value switch
    {
        PthText text => text.Value.GetHashCode(StringComparison.Ordinal),
        PthBytes bytes => OfBytes(bytes.Value.Span),
        PthInteger or PthBool or PthFloat => OfNumber(value),
        PthSequence { Kind: PthSequenceKind.Tuple } tuple when asPython => OfItems(tuple),
        PthObject { Arguments: null } named => named.Name.GetHashCode(StringComparison.Ordinal),
        _ => RuntimeHelpers.GetHashCode(value),
    };

    // NaN is no number, and equal to nothing but itself.
    private static bool AreOneNumber(PthValue x, PthValue y) => WholeOf(x) is BigInteger one
        ? WholeOf(y) is BigInteger other && one == other
        : x is PthFloat { Value: var left } && y is PthFloat { Value: var right } && left == right;

    private static BigInteger? WholeOf(PthValue value) => value switch
    {
        PthInteger number => number.Value,
        PthBool flag => flag.Value ? BigInteger.One : BigInteger.Zero,
        PthFloat { Value: var number } when double.IsInteger(number) => new BigInteger(number),
        _ => null,
    };

    private static int OfNumber(PthValue value) => WholeOf(value) is BigInteger whole
        ? HashCode.Combine(whole)
        : HashCode.Combine((int)BitConverter.DoubleToInt64Bits(((PthFloat)value).Value), (int)(BitConverter.DoubleToInt64Bits(((PthFloat)value).Value) >> 32));

    private static int OfBytes(ReadOnlySpan<byte> bytes)
    {
        HashCode hash = default;
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    private int OfItems(PthSequence tuple)
    {
        HashCode hash = default;
        foreach (PthValue item in tuple.Items)
        {
            hash.Add(item, this);
        }

        return hash.ToHashCode();
    }
}
