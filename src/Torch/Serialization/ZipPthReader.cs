using System.Text;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Reads the zip format: a pickle, and an entry for each storage.</summary>
internal static class ZipPthReader
{
    private const string PickleName = "data.pkl";

    public static bool IsZip(Stream stream)
    {
        Span<byte> start = stackalloc byte[4];
        int read = stream.ReadAtLeast(start, 4, throwOnEndOfStream: false);
        stream.Position = 0;
        return read == 4 && start.SequenceEqual("PK\u0003\u0004"u8);
    }

    public static PthValue Read(Stream stream, PthReadOptions options, ReadBudget budget)
    {
        using PthArchive archive = new(stream, options);
        string name = archive.Names.FirstOrDefault(name => name.EndsWith($"/{PickleName}", StringComparison.Ordinal))
            ?? throw new PthException($"The file is a zip archive without {PickleName}, so torch.save did not write it.");
        string folder = name[..^PickleName.Length];
        CheckByteOrder(archive, $"{folder}byteorder");
        StorageTable storages = new(budget, (reference, type) => Load(archive, $"{folder}data/{reference.Key}", reference, type));
        budget.TakeBytes(archive.LengthOf(name) ?? 0);
        using MemoryStream content = new(archive.Read(name, "the pickle"));
        return new PickleReader(content, storages, budget).Read();
    }

    // The entry came with PyTorch 2.1; files without it are little-endian.
    private static void CheckByteOrder(PthArchive archive, string name)
    {
        if (archive.LengthOf(name) is long length && (length > 16 || Encoding.Latin1.GetString(archive.Read(name, "the byte order")) != "little"))
        {
            throw new PthException("The file was written on a big-endian machine, or its byte order is damaged. Save it on a little-endian machine.");
        }
    }

    private static Tensor Load(PthArchive archive, string name, StorageReference reference, ScalarType type)
    {
        long length = archive.LengthOf(name) ?? throw new PthException($"The file lacks the data of storage '{reference.Key}'. It was cut off: copy it again.");
        Tensor storage = empty([reference.Count], type);
        if (reference.Count * storage.element_size() > length)
        {
            throw new PthException(
                $"The storage '{reference.Key}' should have {reference.Count} elements of {storage.element_size()} bytes, but the file has {length} bytes for it. It is damaged.");
        }

        archive.ReadInto(name, $"storage '{reference.Key}'", storage);
        return storage;
    }
}
