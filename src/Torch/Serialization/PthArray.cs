namespace Compat.Torch.Serialization;

/// <summary>An array or scalar of numpy, as raw bytes.</summary>
/// <remarks>It is read only; what we write is read by Python with safe types alone.</remarks>
public sealed record PthArray : PthValue
{
    private const int MaxDimensions = 64;                             // numpy's own limit

    internal PthArray()
    {
    }

    /// <summary>Gets whether the elements are numbers of up to 8 bytes, or truth values: what <see cref="ToDoubles"/> reads.</summary>
    public bool IsNumeric => ElementSize > 0;

    /// <summary>Gets numpy's name of the element type, for example <c>f8</c> or <c>i8</c>.</summary>
    public string Type { get; internal set; } = string.Empty;

    /// <summary>Gets the shape; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; internal set; } = [];

    /// <summary>Gets the elements' bytes, in rows, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes { get; internal set; }

    private int ElementSize => Type switch
    {
        "f8" or "i8" or "u8" => 8,
        "f4" or "i4" or "u4" => 4,
        "f2" or "i2" or "u2" => 2,
        "i1" or "u1" or "b1" => 1,
        _ => 0,
    };

    /// <summary>Reads the elements as numbers.</summary>
    /// <returns>The elements.</returns>
    /// <exception cref="PthException">The elements are of a type that is no number of up to 8 bytes.</exception>
    public double[] ToDoubles()
    {
        if (!IsNumeric)
        {
            throw new PthException($"The file has a numpy array of type '{Type}', which is no number. Convert it before saving.");
        }

        int size = ElementSize;
        byte[] bytes = Bytes.ToArray();
        return [.. Enumerable.Range(0, bytes.Length / size).Select(i => Element(bytes, i * size))];
    }

    /// <summary>Gives the elements as Python's <c>tolist()</c> does: nested lists, or the element alone for a scalar.</summary>
    /// <returns>Lists of floats, whole numbers or truth values, as the type says. An array without elements is an empty list, whatever its shape.</returns>
    /// <exception cref="PthException">The elements are of a type that is no number of up to 8 bytes, or their number is not that of the shape.</exception>
    public PthValue ToLists()
    {
        PthValue[] elements = [.. ToDoubles().Select(Plain)];
        CheckShape(elements.Length);
        return elements.Length == 0 ? PthSequence.List() : Nested(elements, dimension: 0);
    }

    /// <summary>Takes over what a file says.</summary>
    /// <exception cref="PthException">The shape is not that of the elements.</exception>
    internal void Set(string type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes)
    {
        (Type, Shape, Bytes) = (type, shape, bytes);
        if (IsNumeric)
        {
            CheckShape(bytes.Length / ElementSize);
        }
    }

    private void CheckShape(int elements)
    {
        bool isGood = Shape.Count <= MaxDimensions && Shape.All(size => size >= 0) && Bytes.Length == (long)elements * ElementSize;
        if (!isGood || Shape.Aggregate(1d, (count, size) => count * size) != elements)
        {
            throw new PthException(
                $"The file has a numpy array of shape [{string.Join(", ", Shape.Take(MaxDimensions))}] with {elements} elements. It is damaged.");
        }
    }

    private PthValue Nested(ReadOnlySpan<PthValue> elements, int dimension)
    {
        if (dimension == Shape.Count)
        {
            return elements[0];
        }

        List<PthValue> items = [];
        int size = elements.Length / (int)Shape[dimension];
        for (int i = 0; i < Shape[dimension]; i++)
        {
            items.Add(Nested(elements.Slice(i * size, size), dimension + 1));
        }

        return PthSequence.List(items);
    }

    // A double cannot hold every integer of 8 bytes, so those are read again.
    private PthValue Plain(double element, int index) => Type switch
    {
        "b1" => element != 0,
        "i8" => new PthInteger(BitConverter.ToInt64(Bytes.Span[(index * 8)..])),
        "u8" => new PthInteger(BitConverter.ToUInt64(Bytes.Span[(index * 8)..])),
        _ => Type[0] == 'f' ? element : new PthInteger((long)element),
    };

    private double Element(byte[] bytes, int at) => Type switch
    {
        "f8" => BitConverter.ToDouble(bytes, at),
        "f4" => BitConverter.ToSingle(bytes, at),
        "f2" => (double)BitConverter.ToHalf(bytes, at),
        "i8" => BitConverter.ToInt64(bytes, at),
        "u8" => BitConverter.ToUInt64(bytes, at),
        "i4" => BitConverter.ToInt32(bytes, at),
        "u4" => BitConverter.ToUInt32(bytes, at),
        "i2" => BitConverter.ToInt16(bytes, at),
        "u2" => BitConverter.ToUInt16(bytes, at),
        "i1" => (sbyte)bytes[at],
        _ => bytes[at],
    };
}
