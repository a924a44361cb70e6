using System.IO.Compression;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Reads the zip format: a pickle, and a file for each storage, none of them compressed.</summary>
internal static class ZipPthReader
{
    private const int BufferSize = 1 << 16;

    public static bool IsZip(Stream stream)
    {
        Span<byte> start = stackalloc byte[4];
        int read = stream.ReadAtLeast(start, 4, throwOnEndOfStream: false);
        stream.Position = 0;
        return read == 4 && start.SequenceEqual("PK\u0003\u0004"u8);
    }

    public static PthValue Read(Stream stream)
    {
        using ZipArchive archive = new(stream, ZipArchiveMode.Read, leaveOpen: true);
        ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(entry => entry.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw new PthException("The file is a zip archive without data.pkl, so torch.save did not write it.");
        string folder = pickle.FullName[..^"data.pkl".Length];
        Dictionary<string, PthTensor> storages = [];
        using MemoryStream content = new();
        using (Stream source = Open(pickle, stream.Length))
        {
            source.CopyTo(content);
        }

        content.Position = 0;
        return new PickleReader(content, Load).Read();

        PthValue Load(PthSequence id)
        {
            StorageReference reference = StorageReference.Of(id);
            if (!storages.TryGetValue(reference.Key, out PthTensor? storage))
            {
                ZipArchiveEntry entry = archive.GetEntry($"{folder}data/{reference.Key}")
                    ?? throw new PthException($"The file lacks the data of storage '{reference.Key}'. It was cut off: copy it again.");
                storage = new PthTensor(Read(entry, reference, stream.Length));
                storages.Add(reference.Key, storage);
            }

            return storage;
        }
    }

    private static Tensor Read(ZipArchiveEntry entry, StorageReference reference, long fileLength)
    {
        (ScalarType type, int size) = StorageTypes.Of(reference.Type);
        if ((Int128)reference.Count * size > entry.Length)
        {
            throw new PthException(
                $"The storage '{reference.Key}' should have {reference.Count} elements of {size} bytes, but the file has {entry.Length} bytes for it. It is "
                + "damaged.");
        }

        using Stream source = Open(entry, fileLength);
        Tensor storage = empty([reference.Count], type);
        storage.ReadBytesFromStream(source, BufferSize);
        return storage;
    }

    // torch.save compresses nothing; what is compressed could grow without bound.
    private static Stream Open(ZipArchiveEntry entry, long fileLength) => entry.CompressedLength == entry.Length && entry.Length <= fileLength
        ? entry.Open()
        : throw new PthException($"The entry '{entry.FullName}' is compressed, which torch.save never does. Save the file again with torch.save.");
}
