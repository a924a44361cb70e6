using System.Buffers.Binary;
using System.Numerics;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Reads the older stream format: several pickles, then the storages one after the other.</summary>
internal static class StreamPthReader
{
    private const int BufferSize = 1 << 16;
    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356", System.Globalization.CultureInfo.InvariantCulture);

    public static PthValue Read(Stream stream)
    {
        Dictionary<string, (PthTensor Storage, int Size)> storages = [];
        Int128 promised = 0;
        bool isPickle = stream.ReadByte() == 0x80;
        stream.Position = 0;
        if (!isPickle || ReadPickle() is not PthInteger { Value: var magic } || magic != Magic)
        {
            throw new PthException("The file is neither a zip archive nor an older stream of torch.save. Give the path of a checkpoint.");
        }

        ReadPickle();                                                 // the version of the protocol
        ReadPickle();                                                 // of the machine that wrote it
        PthValue root = ReadPickle();
        if (ReadPickle() is not PthSequence { Items: var keys })
        {
            throw new PthException("The file has no list of storages. It was cut off: copy it again.");
        }

        foreach (PthValue key in keys)
        {
            Fill(stream, key is PthText text && storages.TryGetValue(text.Value, out (PthTensor, int) storage)
                ? storage
                : throw new PthException("The file has data of a storage that nothing uses. It is damaged."));
        }

        return root;

        PthValue ReadPickle() => new PickleReader(stream, Load).Read();

        PthValue Load(PthSequence id)
        {
            StorageReference reference = StorageReference.Of(id);
            if (!storages.TryGetValue(reference.Key, out (PthTensor Storage, int Size) known))
            {
                (ScalarType type, int size) = StorageTypes.Of(reference.Type);
                promised += (Int128)reference.Count * size;
                if (promised > stream.Length - stream.Position)
                {
                    throw new PthException($"The file promises {promised} bytes of storages, but only {stream.Length - stream.Position} are left of it. It was cut off: copy it again.");
                }

                known = (new PthTensor(zeros([reference.Count], type)), size);
                storages.Add(reference.Key, known);
            }

            return known.Storage;
        }
    }

    private static void Fill(Stream stream, (PthTensor Storage, int Size) storage)
    {
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        Tensor tensor = storage.Storage.Value;
        if (BinaryPrimitives.ReadInt64LittleEndian(length) != tensor.shape[0])
        {
            throw new PthException("A storage has another length than its tensors say. The file is damaged.");
        }

        tensor.ReadBytesFromStream(stream, BufferSize);
    }
}
