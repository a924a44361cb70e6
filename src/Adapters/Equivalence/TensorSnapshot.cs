using System.Globalization;
using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Equivalence;

/// <summary>The exact content of a tensor at one moment.</summary>
public sealed class TensorSnapshot
{
    private readonly byte[] bytes;
    private readonly ScalarType type;
    private readonly long[] shape;

    private TensorSnapshot(byte[] bytes, ScalarType type, long[] shape)
    {
        this.bytes = bytes;
        this.type = type;
        this.shape = shape;
    }

    /// <summary>Gets the shape.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>Gets the SHA-256 of the elements' bytes, in lower-case hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Copies a tensor's content. With a tensor on a GPU this waits for the GPU.</summary>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <returns>The copy, which holds no tensor.</returns>
    public static TensorSnapshot Of(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using DisposeScope scope = NewDisposeScope();
        Tensor plain = tensor.detach().cpu().contiguous();
        return new(plain.bytes.ToArray(), plain.dtype, plain.shape);
    }

    /// <summary>Gets the only element of a float tensor.</summary>
    /// <returns>The element.</returns>
    /// <exception cref="InvalidOperationException">The tensor is of another type or has several elements.</exception>
    public double ToDouble() => (type, bytes.Length) switch
    {
        (ScalarType.Float32, 4) => BitConverter.ToSingle(bytes),
        (ScalarType.Float64, 8) => BitConverter.ToDouble(bytes),
        _ => throw new InvalidOperationException($"A {type} of shape [{string.Join(", ", shape)}] is no single float."),
    };

    /// <summary>Finds the first difference to another tensor, bit by bit, and shows both values.</summary>
    /// <param name="other">The other tensor.</param>
    /// <returns>For example <c>0.0123 against 0.0125</c>; <see langword="null"/> if both are the same.</returns>
    public string? DifferenceTo(TensorSnapshot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (type != other.type || !shape.SequenceEqual(other.shape))
        {
            return $"{type} [{string.Join(", ", shape)}] against {other.type} [{string.Join(", ", other.shape)}]";
        }

        int place = bytes.AsSpan().CommonPrefixLength(other.bytes);
        return place == bytes.Length ? null : $"{Element(place)} against {other.Element(place)}";
    }

    private string Element(int place) => type switch
    {
        ScalarType.Float32 => BitConverter.ToSingle(bytes, place / 4 * 4).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.Float64 => BitConverter.ToDouble(bytes, place / 8 * 8).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.Int64 => BitConverter.ToInt64(bytes, place / 8 * 8).ToString(CultureInfo.InvariantCulture),
        _ => $"{type} byte {bytes[place]}",
    };
}
