using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Writes the zip format with pickle protocol 2, as <c>torch.save</c> does, with nothing but safe types.</summary>
[HoldsTensors("owner: whoever writes; lives for one file")]
internal sealed class PthWriter : IDisposable
{
    private readonly MemoryStream pickle = new();
    private readonly OrderedDictionary<nint, Storage> storages = [];

    /// <summary>Writes a file.</summary>
    /// <exception cref="PthException">A value is of a kind that is not written.</exception>
    public void Write(Stream stream, PthValue root)
    {
        using DisposeScope scope = NewDisposeScope();
        FindStorages(root);
        Bytes(0x80, 2);
        Value(root);
        Bytes('.');
        using ZipArchive archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);
        Entry(archive, "data.pkl", target => pickle.WriteTo(target));
        Entry(archive, "byteorder", target => target.Write("little"u8));
        foreach (Storage storage in storages.Values)
        {
            Entry(archive, $"data/{storage.Key}", target => storage.Whole().WriteBytesToStream(target, 1 << 16));
        }

        Entry(archive, "version", target => target.Write("3\n"u8));
    }

    public void Dispose() => pickle.Dispose();

    private static void Entry(ZipArchive archive, string name, Action<Stream> write)
    {
        using Stream target = archive.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
        write(target);
    }

    // Tensors whose storages begin at the same address share one; it is as long as the furthest of them reaches.
    private void FindStorages(PthValue root)
    {
        foreach (Tensor tensor in PthTree.TensorsOf(root))
        {
            if (tensor.device_type != DeviceType.CPU)
            {
                throw new PthException($"A tensor on {tensor.device} cannot be written as it is. Write tensor.cpu().");
            }

            nint address = AddressOf(tensor);
            if (!storages.TryGetValue(address, out Storage? storage))
            {
                storage = new Storage(storages.Count, tensor);
                storages.Add(address, storage);
            }

            storage.Cover(tensor);
        }
    }

    private static unsafe nint AddressOf(Tensor tensor)
    {
        if (tensor.numel() == 0)
        {
            return RuntimeHelpers.GetHashCode(tensor);                // it has no storage to share
        }

        using Tensor first = tensor.detach().as_strided([1], [1], 0);
        return (nint)Unsafe.AsPointer(ref first.bytes[0]);
    }

    private void Value(PthValue value)
    {
        switch (value)
        {
            case PthNone: Bytes('N'); break;
            case PthBool flag: Bytes(flag.Value ? 0x88 : 0x89); break;
            case PthInteger number: Integer(number.Value); break;
            case PthFloat number: Bytes('G'); Buffer(8, span => BinaryPrimitives.WriteDoubleBigEndian(span, number.Value)); break;
            case PthText text: Text(text.Value); break;
            case PthSequence { Kind: PthSequenceKind.Set }: throw Unwritable("a set", "a list");
            case PthSequence sequence: Sequence(sequence); break;
            case PthDict dict: Dict(dict); break;
            case PthTensor tensor: TensorValue(tensor); break;
            case PthBytes: throw Unwritable("raw bytes", "a tensor of type Byte");
            case PthArray: throw Unwritable("a numpy array", "a tensor");
            case PthObject named: throw Unwritable($"an object '{named.Name}'", "a dictionary of plain values");
            default: throw Unwritable($"a {value.GetType().Name}", "plain values");
        }
    }

    private void Sequence(PthSequence sequence)
    {
        bool isTuple = sequence.Kind == PthSequenceKind.Tuple;
        Bytes(isTuple ? "("u8 : "]("u8);
        foreach (PthValue item in sequence.Items)
        {
            Value(item);
        }

        Bytes(isTuple ? 't' : 'e');
    }

    private void Dict(PthDict dict)
    {
        Bytes(dict.Kind == PthDictKind.OrderedDict ? "ccollections\nOrderedDict\n)R("u8 : "}("u8);
        foreach ((PthValue key, PthValue value) in dict)
        {
            Value(key);
            Value(value);
        }

        Bytes('u');
    }

    private void TensorValue(PthTensor value)
    {
        Tensor tensor = value.Value;
        Storage storage = storages[AddressOf(tensor)];
        (string type, int _) = StorageTypes.Of(tensor.dtype);
        Bytes("ctorch._utils\n_rebuild_tensor_v2\n((X"u8);
        Raw("storage");
        Bytes(Encoding.ASCII.GetBytes($"ctorch\n{type}\n"));
        Text(storage.Key.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Text("cpu");
        Integer(storage.Count);
        Bytes("tQ"u8);
        Integer(tensor.numel() == 0 ? 0 : tensor.storage_offset());
        Sequence(new PthSequence(PthSequenceKind.Tuple, tensor.shape.Select(PthValue.FromInt64)));
        Sequence(new PthSequence(PthSequenceKind.Tuple, tensor.stride().Select(PthValue.FromInt64)));
        Bytes(value.RequiresGrad ? 0x88 : 0x89);
        Bytes("ccollections\nOrderedDict\n)RtR"u8);
    }

    private void Integer(BigInteger number)
    {
        if (number >= int.MinValue && number <= int.MaxValue)
        {
            Bytes('J');
            Buffer(4, span => BinaryPrimitives.WriteInt32LittleEndian(span, (int)number));
            return;
        }

        byte[] bytes = number.ToByteArray();
        if (bytes.Length > 255)
        {
            throw Unwritable($"a whole number of {bytes.Length} bytes", "a text");
        }

        Bytes(0x8a, bytes.Length);
        pickle.Write(bytes);
    }

    private void Text(string text)
    {
        Bytes('X');
        Raw(text);
    }

    private void Raw(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Buffer(4, span => BinaryPrimitives.WriteInt32LittleEndian(span, bytes.Length));
        pickle.Write(bytes);
    }

    private void Buffer(int size, Action<byte[]> fill)
    {
        byte[] bytes = new byte[size];
        fill(bytes);
        pickle.Write(bytes);
    }

    private void Bytes(params ReadOnlySpan<int> bytes)
    {
        foreach (int one in bytes)
        {
            pickle.WriteByte((byte)one);
        }
    }

    private void Bytes(ReadOnlySpan<byte> bytes) => pickle.Write(bytes);

    private static PthException Unwritable(string what, string instead) =>
        new($"The value holds {what}, which is not written, since torch.load(weights_only=True) would refuse the file. Write {instead}.");

    /// <summary>The elements that one or several tensors show.</summary>
    [HoldsTensors("owner: whoever writes; lives for one file")]
    private sealed class Storage(int key, Tensor first)
    {
        public int Key => key;

        public long Count { get; private set; }

        public void Cover(Tensor tensor)
        {
            if (tensor.numel() > 0)
            {
                long last = tensor.storage_offset() + tensor.shape.Zip(tensor.stride(), (size, stride) => (size - 1) * stride).Sum();
                Count = Math.Max(Count, last + 1);
            }
        }

        public Tensor Whole() => first.detach().as_strided([Count], [1], 0);
    }
}
