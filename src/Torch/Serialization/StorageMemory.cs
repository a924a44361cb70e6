using System.IO.Hashing;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>The memory of storages on the CPU, read from and written to streams without a copy between.</summary>
internal static unsafe class StorageMemory
{
    // Read in few calls; but to write a mebibyte at once takes the kernel twice as long as to write it in parts.
    private const int ReadSize = 1 << 20;
    private const int WriteSize = 1 << 16;

    /// <summary>Finds where the storage of a tensor begins.</summary>
    /// <param name="tensor">A tensor of at least one element. Borrowed.</param>
    public static nint AddressOf(Tensor tensor)
    {
        using Tensor whole = tensor.detach();
        using Tensor first = whole.as_strided([1], [1], 0);
        return (nint)Unsafe.AsPointer(ref first.bytes[0]);
    }

    /// <summary>Fills a storage.</summary>
    /// <param name="storage">A tensor that shows all of it. Borrowed.</param>
    /// <param name="source">Where the bytes come from. Borrowed.</param>
    /// <param name="checksum">Takes in what was read, if given.</param>
    public static void Fill(Tensor storage, Stream source, Crc32? checksum = null)
    {
        long size = SizeOf(storage);
        byte* start = size > 0 ? (byte*)AddressOf(storage) : null;
        for (long at = 0; at < size; at += ReadSize)
        {
            Span<byte> piece = new(start + at, (int)Math.Min(ReadSize, size - at));
            source.ReadExactly(piece);
            checksum?.Append(piece);
        }
    }

    /// <summary>Writes a storage.</summary>
    /// <param name="storage">A tensor that shows all of it. Borrowed.</param>
    /// <param name="target">Where the bytes go. Borrowed.</param>
    public static void CopyTo(Tensor storage, Stream target)
    {
        long size = SizeOf(storage);
        byte* start = size > 0 ? (byte*)AddressOf(storage) : null;
        for (long at = 0; at < size; at += WriteSize)
        {
            target.Write(new ReadOnlySpan<byte>(start + at, (int)Math.Min(WriteSize, size - at)));
        }
    }

    private static long SizeOf(Tensor storage) => storage.numel() * storage.element_size();
}
