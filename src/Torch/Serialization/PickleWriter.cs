using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>Writes pickle protocol 2 with what <c>torch.load(weights_only=True)</c> takes. What is shared is written once, as Python does, and is shared when it is read.</summary>
internal sealed class PickleWriter(Stream pickle, WriterStorages storages)
{
    private readonly Dictionary<PthValue, int> places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, int> textPlaces = [];
    private readonly Dictionary<string, int> namePlaces = [];

    private int Places => places.Count + textPlaces.Count + namePlaces.Count;

    /// <summary>Writes a value.</summary>
    /// <exception cref="PthException">A value is of a kind that is not written.</exception>
    public void Write(PthValue root)
    {
        Bytes([0x80, 2]);
        Value(root);
        Code('.');
    }

    private void Value(PthValue value)
    {
        switch (value)
        {
            case PthNone: Code('N'); break;
            case PthBool flag: Bool(flag.Value); break;
            case PthInteger number: Integer(number.Value); break;
            case PthFloat number: Float(number.Value); break;
            case PthText text: Text(text.Value); break;
            case PthSequence { Kind: PthSequenceKind.Set }: throw Unwritable("a set", "a list");
            case PthSequence or PthDict or PthTensor: Once(value); break;
            case PthBytes: throw Unwritable("raw bytes", "a tensor of type Byte");
            case PthArray: throw Unwritable("a numpy array", "a tensor");
            case PthObject named: throw Unwritable($"an object '{named.Name}'", "a dictionary of plain values");
            default: throw Unwritable($"a {value.GetType().Name}", "plain values");
        }
    }

    private void Once(PthValue value)
    {
        if (places.TryGetValue(value, out int place))
        {
            Recall(place);
            return;
        }

        switch (value)
        {
            case PthSequence sequence: Sequence(sequence); break;
            case PthDict dict: Dict(dict); break;
            case PthTensor tensor: TensorValue(tensor); break;
        }

        Memorize(Places);
        places.Add(value, Places);
    }

    private void Sequence(PthSequence sequence)
    {
        bool isTuple = sequence.Kind == PthSequenceKind.Tuple;
        Bytes(isTuple ? "("u8 : "]("u8);
        foreach (PthValue item in sequence.Items)
        {
            Value(item);
        }

        Code(isTuple ? 't' : 'e');
    }

    private void Dict(PthDict dict)
    {
        CheckKeys(dict);
        if (dict.Kind == PthDictKind.OrderedDict)
        {
            EmptyOrderedDict();
            Code('(');
        }
        else
        {
            Bytes("}("u8);
        }

        foreach ((PthValue key, PthValue value) in dict)
        {
            Value(key);
            Value(value);
        }

        Code('u');
    }

    private static void CheckKeys(PthDict dict)
    {
        Dictionary<PthValue, PthValue> keys = new(PthKeyComparer.Python);
        foreach ((PthValue key, PthValue _) in dict)
        {
            PthKey.CountParts(key);
            if (!keys.TryAdd(key, key))
            {
                throw new PthException(
                    $"A dictionary has the keys {PthKey.Describe(keys[key])} and {PthKey.Describe(key)}, which are one key in Python, so one entry would be lost. Keep one of them.");
            }
        }
    }

    private void TensorValue(PthTensor value)
    {
        (Tensor tensor, WriterStorage storage) = storages.Of(value.Value);
        Name("torch._utils", "_rebuild_tensor_v2");
        Bytes("(("u8);
        Text("storage");
        Name("torch", StorageTypes.Of(storage.Type).Name);
        Text(storage.Key.ToString(CultureInfo.InvariantCulture));
        Text("cpu");
        Integer(storage.Count);
        Bytes("tQ"u8);
        Integer(tensor.numel() == 0 ? 0 : tensor.storage_offset());
        Sizes(tensor.shape);
        Sizes(tensor.stride());
        Bool(value.RequiresGrad);
        EmptyOrderedDict();
        Bytes("tR"u8);
    }

    private void EmptyOrderedDict()
    {
        Name("collections", "OrderedDict");
        Bytes(")R"u8);
    }

    private void Sizes(long[] sizes)
    {
        Code('(');
        foreach (long size in sizes)
        {
            Integer(size);
        }

        Code('t');
    }

    private void Name(string module, string name)
    {
        string line = $"c{module}\n{name}\n";
        if (!IsKnown(namePlaces, line))
        {
            Bytes(Encoding.ASCII.GetBytes(line));
            Memorize(Places);
            namePlaces.Add(line, Places);
        }
    }

    private void Text(string text)
    {
        if (!IsKnown(textPlaces, text))
        {
            byte[] bytes = PickleText.Encode(text);
            Code('X');
            Int32(bytes.Length);
            Bytes(bytes);
            Memorize(Places);
            textPlaces.Add(text, Places);
        }
    }

    private bool IsKnown(Dictionary<string, int> known, string text)
    {
        bool isKnown = known.TryGetValue(text, out int place);
        if (isKnown)
        {
            Recall(place);
        }

        return isKnown;
    }

    private void Bool(bool value) => Code(value ? '\u0088' : '\u0089');

    private void Float(double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        Code('G');
        Bytes(bytes);
    }

    private void Integer(BigInteger number)
    {
        if (number >= int.MinValue && number <= int.MaxValue)
        {
            Code('J');
            Int32((int)number);
            return;
        }

        byte[] bytes = number.ToByteArray();
        if (bytes.Length > byte.MaxValue)
        {
            throw Unwritable($"a whole number of {bytes.Length} bytes", "a text");
        }

        Code('\u008a');
        Code((char)bytes.Length);
        Bytes(bytes);
    }

    private void Memorize(int place) => Place('q', 'r', place);

    private void Recall(int place) => Place('h', 'j', place);

    private void Place(char shortCode, char longCode, int place)
    {
        if (place <= byte.MaxValue)
        {
            Code(shortCode);
            Code((char)place);
            return;
        }

        Code(longCode);
        Int32(place);
    }

    private void Int32(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        Bytes(bytes);
    }

    private void Code(char code) => pickle.WriteByte((byte)code);

    private void Bytes(ReadOnlySpan<byte> bytes) => pickle.Write(bytes);

    private static PthException Unwritable(string what, string instead) =>
        new($"The value holds {what}, which is not written, since torch.load(weights_only=True) would refuse the file. Write {instead}.");
}
