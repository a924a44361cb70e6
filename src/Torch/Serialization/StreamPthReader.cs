using System.Buffers.Binary;
using System.Numerics;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Reads the older stream format: several pickles, then the storages one after the other. It has no checksums.</summary>
internal static class StreamPthReader
{
    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    public static PthValue Read(Stream stream, ReadBudget budget)
    {
        StorageTable storages = new(budget, static (reference, type) => empty([reference.Count], type));
        bool isPickle = stream.ReadByte() == 0x80;
        stream.Position = 0;
        if (!isPickle || ReadPickle() is not PthInteger { Value: var magic } || magic != Magic)
        {
            throw new PthException("The file is neither a zip archive nor an older stream of torch.save. Give the path of a checkpoint.");
        }

        ReadPickle();                                                 // the version of the protocol
        ReadPickle();                                                 // of the machine that wrote it; storages are little-endian on any
        PthValue root = ReadPickle();
        Fill(stream, storages, ReadPickle() as PthSequence ?? throw new PthException("The file has no list of storages. It was cut off: copy it again."));
        return root;

        PthValue ReadPickle() => new PickleReader(stream, storages, budget).Read();
    }

    private static void Fill(Stream stream, StorageTable storages, PthSequence keys)
    {
        HashSet<string> filled = [];
        foreach (PthValue key in keys.Items)
        {
            Fill(stream, key is PthText text && filled.Add(text.Value) && storages.Find(text.Value) is Tensor storage
                ? storage
                : throw new PthException("The file has data of a storage that nothing uses, or data of one storage twice. It is damaged."));
        }

        if (storages.Keys.FirstOrDefault(key => !filled.Contains(key)) is string missing)
        {
            throw new PthException($"The file lacks the data of storage '{missing}'. It was cut off: copy it again.");
        }
    }

    private static void Fill(Stream stream, Tensor storage)
    {
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        if (BinaryPrimitives.ReadInt64LittleEndian(length) != storage.numel())
        {
            throw new PthException("A storage has another length than its tensors say. The file is damaged.");
        }

        StorageMemory.Fill(storage, stream);
    }
}
