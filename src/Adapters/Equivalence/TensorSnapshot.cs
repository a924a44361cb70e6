using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Equivalence;

/// <summary>The content of a tensor at one moment, or its hash.</summary>
public sealed class TensorSnapshot : TraceValue
{
    private const int ShownOfHash = 8;

    private readonly byte[]? bytes;
    private readonly long[] shape;
    private string? hash;

    private TensorSnapshot(ScalarType type, long[] shape, byte[]? bytes, string? hash)
    {
        Type = type;
        this.shape = shape;
        this.bytes = bytes;
        this.hash = hash;
    }

    /// <summary>Gets the type of the elements.</summary>
    public ScalarType Type { get; }

    /// <summary>Gets the shape.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>Gets what was kept.</summary>
    public SnapshotContent Content => bytes is null ? SnapshotContent.Hash : SnapshotContent.Full;

    /// <summary>Gets the SHA-256 of the elements' bytes, in rows and little-endian, in lower-case hexadecimal.</summary>
    public string Hash => hash ??= Convert.ToHexStringLower(SHA256.HashData(bytes!));

    private protected override string Kind => $"{Type} [{string.Join(", ", shape)}]";

    /// <summary>Copies a tensor's content. With a tensor on a GPU this waits for the GPU.</summary>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <param name="content">What is kept.</param>
    /// <returns>The copy, which holds no tensor.</returns>
    public static TensorSnapshot Of(Tensor tensor, SnapshotContent content = SnapshotContent.Full)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using DisposeScope scope = NewDisposeScope();
        Tensor plain = HostRead.ToCpu(tensor.detach()).contiguous();
        TensorSnapshot full = new(plain.dtype, plain.shape, plain.numel() == 0 ? [] : plain.bytes.ToArray(), null);
        return content == SnapshotContent.Full ? full : full.Hashed();
    }

    /// <summary>Makes a snapshot of a hash alone, as it stands in a file.</summary>
    /// <param name="type">The type of the elements.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="hash">The SHA-256 of the elements' bytes, in hexadecimal.</param>
    /// <returns>The snapshot.</returns>
    public static TensorSnapshot OfHash(ScalarType type, IReadOnlyList<long> shape, string hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        return new(type, [.. shape], null, hash.ToLowerInvariant());
    }

    /// <summary>Drops the content and keeps its hash.</summary>
    /// <returns>A snapshot of type, shape and hash.</returns>
    public TensorSnapshot Hashed() => new(Type, shape, null, Hash);

    /// <summary>Gets the only element of a float tensor.</summary>
    /// <returns>The element.</returns>
    /// <exception cref="InvalidOperationException">The tensor is of another type, has several elements, or only its hash was kept.</exception>
    public double ToDouble() => (Type, Full.Length) switch
    {
        (ScalarType.Float32, 4) => BitConverter.ToSingle(Full),
        (ScalarType.Float64, 8) => BitConverter.ToDouble(Full),
        _ => throw new InvalidOperationException($"A {Type} of shape [{string.Join(", ", shape)}] is no single float."),
    };

    /// <summary>Makes a tensor of the content, on the CPU.</summary>
    /// <returns>The tensor; fresh.</returns>
    /// <exception cref="InvalidOperationException">Only the hash was kept.</exception>
    public Tensor ToTensor()
    {
        byte[] content = Full;
        Tensor tensor = empty(shape, Type);
        if (content.Length > 0)
        {
            tensor.bytes = content;
        }

        return tensor;
    }

    private protected override string? Difference(TraceValue other)
    {
        TensorSnapshot second = (TensorSnapshot)other;
        if (bytes is null || second.bytes is null)
        {
            return Hash == second.Hash ? null : $"sha256 {Hash[..ShownOfHash]}… against {second.Hash[..ShownOfHash]}…";
        }

        int place = bytes.AsSpan().CommonPrefixLength(second.bytes);
        return place == bytes.Length ? null : BitText.Against(Element(place), second.Element(place), Bits(place), second.Bits(place));
    }

    private byte[] Full => bytes
        ?? throw new InvalidOperationException($"Only the hash of this {Kind} was kept, not its content. Record with SnapshotContent.Full.");

    private string Element(int place) => Type switch
    {
        ScalarType.Float32 => BitConverter.ToSingle(ElementAt(place)).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.Float64 => BitConverter.ToDouble(ElementAt(place)).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.Float16 => ((float)BitConverter.ToHalf(ElementAt(place))).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.BFloat16 => BFloat16(ElementAt(place)).ToString("R", CultureInfo.InvariantCulture),
        ScalarType.Int64 => BitConverter.ToInt64(ElementAt(place)).ToString(CultureInfo.InvariantCulture),
        ScalarType.Int32 => BitConverter.ToInt32(ElementAt(place)).ToString(CultureInfo.InvariantCulture),
        _ => $"{Type} byte {bytes![place]}",
    };

    // A bfloat16 is the upper half of a float.
    private static float BFloat16(ReadOnlySpan<byte> element) => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16);

    private string Bits(int place)
    {
        byte[] element = ElementAt(place).ToArray();
        Array.Reverse(element);
        return Convert.ToHexStringLower(element);
    }

    private ReadOnlySpan<byte> ElementAt(int place)
    {
        int size = bytes!.Length / (int)shape.Aggregate(1L, (product, length) => product * length);
        return bytes.AsSpan(place / size * size, size);
    }
}
