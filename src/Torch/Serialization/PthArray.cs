namespace Compat.Torch.Serialization;

/// <summary>An array or scalar of numpy, as raw bytes.</summary>
/// <remarks>It is read only; what we write is read by Python with safe types alone.</remarks>
public sealed record PthArray : PthValue
{
    internal PthArray()
    {
    }

    /// <summary>Gets numpy's name of the element type, for example <c>f8</c> or <c>i8</c>.</summary>
    public string Type { get; internal set; } = string.Empty;

    /// <summary>Gets the shape; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; internal set; } = [];

    /// <summary>Gets the elements' bytes, in rows, little-endian.</summary>
    public ReadOnlyMemory<byte> Bytes { get; internal set; }

    /// <summary>Reads the elements as numbers.</summary>
    /// <returns>The elements.</returns>
    /// <exception cref="PthException">The elements are of a type that is no number of up to 8 bytes.</exception>
    public double[] ToDoubles()
    {
        int size = Type switch
        {
            "f8" or "i8" or "u8" => 8,
            "f4" or "i4" or "u4" => 4,
            "f2" or "i2" or "u2" => 2,
            "i1" or "u1" or "b1" => 1,
            _ => throw new PthException($"The file has a numpy array of type '{Type}', which is no number. Convert it before saving."),
        };
        byte[] bytes = Bytes.ToArray();
        return [.. Enumerable.Range(0, bytes.Length / size).Select(i => Element(bytes, i * size))];
    }

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
