using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>The zip archive that a file is: entries that are not compressed, each with the checksum of its content.</summary>
internal sealed class PthArchive : IDisposable
{
    private readonly ZipArchive archive;
    private readonly Dictionary<string, ZipArchiveEntry> entries = [];
    private readonly long fileLength;
    private readonly bool isChecked;

    /// <summary>Opens an archive.</summary>
    /// <param name="stream">The file. Borrowed.</param>
    /// <param name="options">Whether checksums are checked.</param>
    /// <exception cref="PthException">Two entries have one name.</exception>
    public PthArchive(Stream stream, PthReadOptions options)
    {
        fileLength = stream.Length;
        isChecked = !options.IgnoreChecksums;
        archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            if (!entries.TryAdd(entry.FullName, entry))
            {
                throw new PthException($"The file has two entries named '{entry.FullName}'. It is damaged.");
            }
        }
    }

    /// <summary>Gets the names of the entries, in the order of the file.</summary>
    public IEnumerable<string> Names => archive.Entries.Select(entry => entry.FullName);

    /// <summary>Reads an entry whole.</summary>
    /// <param name="name">Its name, which must be there.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <exception cref="PthException">It is compressed, or has changed since it was written.</exception>
    public byte[] Read(string name, string what)
    {
        using Stream source = Open(name);
        byte[] content = new byte[entries[name].Length];
        source.ReadExactly(content);
        if (isChecked)
        {
            Check(name, what, Crc32.HashToUInt32(content));
        }

        return content;
    }

    /// <summary>Tells how long an entry is.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its length; <see langword="null"/> if there is no such entry.</returns>
    public long? LengthOf(string name) => entries.GetValueOrDefault(name)?.Length;

    /// <summary>Fills a storage with what an entry begins with.</summary>
    /// <param name="name">The entry's name, which must be there.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <exception cref="PthException">It is compressed, or has changed since it was written.</exception>
    public void ReadInto(string name, string what, Tensor storage)
    {
        using Stream source = Open(name);
        Crc32? checksum = isChecked ? new() : null;
        StorageMemory.Fill(storage, source, checksum);
        if (checksum is not null)
        {
            AppendRest(source, checksum);
            Check(name, what, checksum.GetCurrentHashAsUInt32());
        }
    }

    /// <summary>Closes the archive, not the stream.</summary>
    public void Dispose() => archive.Dispose();

    // torch.save compresses nothing; what is compressed could grow without bound.
    private Stream Open(string name)
    {
        ZipArchiveEntry entry = entries[name];
        return entry.CompressedLength == entry.Length && entry.Length <= fileLength
            ? entry.Open()
            : throw new PthException($"The entry '{name}' is compressed, which torch.save never does. Save the file again with torch.save.");
    }

    // A storage may be a few bytes longer than its elements.
    private static void AppendRest(Stream source, Crc32 checksum)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        for (int read = source.Read(buffer); read > 0; read = source.Read(buffer))
        {
            checksum.Append(buffer.AsSpan(0, read));
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Check(string name, string what, uint found)
    {
        if (found != entries[name].Crc32)
        {
            throw new PthException(
                $"The checksum of {what} ('{name}') is {found:x8}, but the file says {entries[name].Crc32:x8}: the content has changed since it was written. Copy the file "
                + "again, or take an older checkpoint. If it was written without checksums, as PyTorch 2.6 and later can, read it with PthReadOptions.IgnoreChecksums.");
        }
    }
}
