using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>Reads Python's pickle, as far as <c>torch.save</c> writes it, without ever calling anything.</summary>
/// <remarks>Every length is checked against what is left of the file before memory is taken for it. Depth costs nothing: the reader has no recursion.</remarks>
internal sealed class PickleReader(Stream stream, Func<PthSequence, PthValue> loadStorage)
{
    private static readonly PthValue Mark = new PthObject("mark");

    private readonly List<PthValue> stack = [];
    private readonly Dictionary<long, PthValue> memo = [];

    /// <summary>Reads one pickle, to its end.</summary>
    /// <exception cref="PthException">The pickle is broken, or uses something that is not allowed.</exception>
    public PthValue Read()
    {
        while (true)
        {
            int code = stream.ReadByte();
            if (code == '.')
            {
                return Pop();
            }

            Execute(code);
        }
    }

    private void Execute(int code)
    {
        switch (code)
        {
            case 0x80: Take(1); break;                                                          // PROTO
            case 0x95: Take(8); break;                                                          // FRAME
            case '(': stack.Add(Mark); break;
            case '0': Pop(); break;
            case 'N': stack.Add(PthNone.Value); break;
            case 0x88: stack.Add(new PthBool(true)); break;
            case 0x89: stack.Add(new PthBool(false)); break;
            case 'J': stack.Add(new PthInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))); break;
            case 'K': stack.Add(new PthInteger(Take(1)[0])); break;
            case 'M': stack.Add(new PthInteger(BinaryPrimitives.ReadUInt16LittleEndian(Take(2)))); break;
            case 0x8a: stack.Add(new PthInteger(new BigInteger(Take(Take(1)[0])))); break;
            case 0x8b: stack.Add(new PthInteger(new BigInteger(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))))); break;
            case 'G': stack.Add(new PthFloat(BinaryPrimitives.ReadDoubleBigEndian(Take(8)))); break;
            case 'X': stack.Add(new PthText(Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))))); break;
            case 0x8c: stack.Add(new PthText(Encoding.UTF8.GetString(Take(Take(1)[0])))); break;
            case 0x8d: stack.Add(new PthText(Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadInt64LittleEndian(Take(8)))))); break;
            case 'U': stack.Add(new PthText(Encoding.Latin1.GetString(Take(Take(1)[0])))); break;
            case 'T': stack.Add(new PthText(Encoding.Latin1.GetString(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4)))))); break;
            case 'B': stack.Add(new PthBytes(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
            case 'C': stack.Add(new PthBytes(Take(Take(1)[0]))); break;
            case 0x8e or 0x96: stack.Add(new PthBytes(Take(BinaryPrimitives.ReadInt64LittleEndian(Take(8))))); break;
            case '}': stack.Add(new PthDict()); break;
            case ']': stack.Add(new PthSequence(PthSequenceKind.List)); break;
            case 0x8f: stack.Add(new PthSequence(PthSequenceKind.Set)); break;
            case 0x91: stack.Add(new PthSequence(PthSequenceKind.Set, PopToMark())); break;
            case ')': stack.Add(new PthSequence(PthSequenceKind.Tuple)); break;
            case 't': stack.Add(new PthSequence(PthSequenceKind.Tuple, PopToMark())); break;
            case 0x85: stack.Add(new PthSequence(PthSequenceKind.Tuple, PopMany(1))); break;
            case 0x86: stack.Add(new PthSequence(PthSequenceKind.Tuple, PopMany(2))); break;
            case 0x87: stack.Add(new PthSequence(PthSequenceKind.Tuple, PopMany(3))); break;
            case 'a': Append(PthSequenceKind.List, PopMany(1)); break;
            case 'e': Append(PthSequenceKind.List, PopToMark()); break;
            case 0x90: Append(PthSequenceKind.Set, PopToMark()); break;
            case 's': SetItems(PopMany(2)); break;
            case 'u': SetItems(PopToMark()); break;
            case 'q': memo[Take(1)[0]] = Peek(); break;
            case 'r': memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break;
            case 0x94: memo[memo.Count] = Peek(); break;
            case 'h': stack.Add(Recall(Take(1)[0])); break;
            case 'j': stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case 'c': stack.Add(new PthObject(PickleConstructors.Check(Line(), Line()))); break;
            case 0x93: StackGlobal(); break;
            case 'Q': stack.Add(loadStorage(Pop<PthSequence>())); break;
            case 'R': Reduce(); break;
            case 0x81: NewObject(); break;
            case 'b': Build(); break;
            case -1: throw new PthException("The file ends in the middle of its pickle. It was cut off: copy it again, or take an older checkpoint.");
            default: throw new PthException($"The file has the pickle instruction 0x{code:x2} at position {stream.Position - 1}, which torch.save does not write. It is damaged or of another kind.");
        }
    }

    private void StackGlobal()
    {
        PthValue[] names = PopMany(2);
        stack.Add(names is [PthText module, PthText name]
            ? new PthObject(PickleConstructors.Check(module.Value, name.Value))
            : throw Broken("a name that is no text"));
    }

    private void Reduce()
    {
        PthSequence arguments = Pop<PthSequence>();
        PthObject callee = Pop<PthObject>();
        stack.Add(PickleObjects.Make(callee.Name, arguments.Items));
    }

    private void NewObject()
    {
        PthSequence arguments = Pop<PthSequence>();
        PthObject type = Pop<PthObject>();
        stack.Add(PickleObjects.Make(type.Name, arguments.Items));
    }

    private void Build()
    {
        PthValue state = Pop();
        PickleObjects.SetState(Peek(), state);
    }

    private void Append(PthSequenceKind kind, PthValue[] items)
    {
        if (Peek() is not PthSequence sequence || sequence.Kind != kind)
        {
            throw Broken($"an append to something that is no {kind.ToString().ToLowerInvariant()}");
        }

        sequence.Append(items);
    }

    private void SetItems(PthValue[] items)
    {
        PthDict? dict = Peek() switch
        {
            PthDict plain => plain,
            PthObject { Arguments: not null } named => named.Entries ??= [],
            _ => null,
        };
        if (dict is null || items.Length % 2 != 0)
        {
            throw Broken("entries for something that is no dictionary");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            dict.Append(items[i], items[i + 1]);
        }
    }

    private PthValue Recall(long key) => memo.TryGetValue(key, out PthValue? value) ? value : throw Broken($"a reference to value {key}, which there is not");

    private PthValue Peek() => stack.Count > 0 ? stack[^1] : throw Broken("an instruction without a value");

    private PthValue Pop()
    {
        PthValue value = Peek();
        stack.RemoveAt(stack.Count - 1);
        return !ReferenceEquals(value, Mark) ? value : throw Broken("a mark where a value should be");
    }

    private T Pop<T>()
        where T : PthValue => Pop() as T ?? throw Broken($"something else where a {typeof(T).Name} should be");

    private PthValue[] PopMany(int count)
    {
        PthValue[] values = new PthValue[count];
        for (int i = count - 1; i >= 0; i--)
        {
            values[i] = Pop();
        }

        return values;
    }

    private PthValue[] PopToMark()
    {
        int mark = stack.FindLastIndex(value => ReferenceEquals(value, Mark));
        if (mark < 0)
        {
            throw Broken("an end without a beginning");
        }

        PthValue[] values = [.. stack.Skip(mark + 1)];
        stack.RemoveRange(mark, stack.Count - mark);
        return values;
    }

    private byte[] Take(long count)
    {
        if (count < 0 || count > stream.Length - stream.Position)
        {
            throw Broken($"a value of {count} bytes, of which {stream.Length - stream.Position} are left");
        }

        byte[] bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private string Line()
    {
        StringBuilder text = new();
        for (int letter = stream.ReadByte(); letter != '\n'; letter = stream.ReadByte())
        {
            if (letter < 0 || text.Length > 1000)
            {
                throw Broken("a name without an end");
            }

            text.Append((char)letter);
        }

        return text.ToString();
    }

    private static PthException Broken(string what) => new($"The file is damaged: its pickle has {what}. Copy it again, or take an older checkpoint.");
}
