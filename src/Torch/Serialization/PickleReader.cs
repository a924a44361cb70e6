using System.Numerics;

namespace Compat.Torch.Serialization;

/// <summary>Reads Python's pickle, as far as <c>torch.save</c> writes it, without ever calling anything, within a budget.</summary>
/// <remarks>Depth costs nothing: the reader has no recursion.</remarks>
internal sealed class PickleReader
{
    // As many as Python prints: 4,300 digits.
    private const int MaxIntegerBytes = 1786;
    private const int BytesOfText = 24;

    private static readonly PthValue True = new PthBool(true);
    private static readonly PthValue False = new PthBool(false);
    private static readonly PthValue[] SmallNumbers = [.. Enumerable.Range(0, 256).Select(number => new PthInteger(number))];

    private readonly PickleInput input;
    private readonly StorageTable storages;
    private readonly ReadBudget budget;
    private readonly PickleStack stack;
    private readonly PickleContainers containers;
    private readonly PickleObjects objects;
    private readonly PickleMemo memo;

    /// <summary>Makes a reader of one pickle.</summary>
    /// <param name="stream">Where the pickle begins. Borrowed.</param>
    /// <param name="storages">What it may refer to.</param>
    /// <param name="budget">What it may build.</param>
    public PickleReader(Stream stream, StorageTable storages, ReadBudget budget)
    {
        input = new PickleInput(stream);
        this.storages = storages;
        this.budget = budget;
        stack = new PickleStack(budget);
        memo = new PickleMemo(budget);
        containers = new PickleContainers(budget);
        objects = new PickleObjects(containers, budget);
    }

    /// <summary>Reads the pickle, to its end.</summary>
    /// <exception cref="PthException">The pickle is broken, uses something that is not allowed, or builds too much.</exception>
    public PthValue Read()
    {
        while (true)
        {
            int code = input.Instruction();
            if (code == '.')
            {
                return stack.Pop();
            }

            Execute(code);
        }
    }

    private void Execute(int code)
    {
        switch (code)
        {
            case 0x80: input.Byte(); break;                                                     // PROTO
            case 0x95: input.Int64(); break;                                                    // FRAME
            case '(': stack.Mark(); break;
            case '0': stack.Drop(); break;
            case 'N': stack.Push(PthNone.Value); break;
            case 0x88: stack.Push(True); break;
            case 0x89: stack.Push(False); break;
            case 'J': PushInteger(input.Int32()); break;
            case 'K': stack.Push(SmallNumbers[input.Byte()]); break;
            case 'M': PushInteger(input.UInt16()); break;
            case 0x8a: PushLong(input.Byte()); break;
            case 0x8b: PushLong(input.Int32()); break;
            case 'G': PushFloat(input.Double()); break;
            case 'X': PushText(input.UInt32()); break;
            case 0x8c: PushText(input.Byte()); break;
            case 0x8d: PushText(input.Int64()); break;
            case 'U': PushText(input.Byte(), ofPython2: true); break;
            case 'T': PushText(input.Int32(), ofPython2: true); break;
            case 'B': PushBytes(input.UInt32()); break;
            case 'C': PushBytes(input.Byte()); break;
            case 0x8e or 0x96: PushBytes(input.Int64()); break;
            case '}': stack.Push(containers.Dict()); break;
            case ']': stack.Push(containers.Sequence(PthSequenceKind.List)); break;
            case 0x8f: stack.Push(containers.Sequence(PthSequenceKind.Set)); break;
            case 0x91: stack.Push(containers.Sequence(PthSequenceKind.Set, stack.PopToMark())); break;
            case ')': stack.Push(containers.Tuple([])); break;
            case 't': stack.Push(containers.Tuple(stack.PopToMark())); break;
            case 0x85: stack.Push(containers.Tuple(stack.Pop(1))); break;
            case 0x86: stack.Push(containers.Tuple(stack.Pop(2))); break;
            case 0x87: stack.Push(containers.Tuple(stack.Pop(3))); break;
            case 'a': Append(PthSequenceKind.List, stack.Pop(1)); break;
            case 'e': Append(PthSequenceKind.List, stack.PopToMark()); break;
            case 0x90: Append(PthSequenceKind.Set, stack.PopToMark()); break;
            case 's': SetItems(stack.Pop(2)); break;
            case 'u': SetItems(stack.PopToMark()); break;
            case 'q': memo.Set(input.Byte(), stack.Peek()); break;
            case 'r': memo.Set(input.UInt32(), stack.Peek()); break;
            case 0x94: memo.Set(memo.Count, stack.Peek()); break;
            case 'h': stack.Push(memo.Get(input.Byte())); break;
            case 'j': stack.Push(memo.Get(input.UInt32())); break;
            case 'c': stack.Push(objects.Name(input.Line(), input.Line())); break;
            case 0x93: PushName(); break;
            case 'Q': stack.Push(storages.Get(stack.Pop<PthSequence>())); break;
            case 'R' or 0x81: Call(); break;
            case 'b': Build(); break;
            case -1: throw new PthException("The file ends in the middle of its pickle. It was cut off: copy it again, or take an older checkpoint.");
            default: throw new PthException($"The file has the pickle instruction 0x{code:x2} at position {input.Position - 1}, which torch.save does not write. It is damaged or of another kind.");
        }
    }

    private void PushInteger(BigInteger number)
    {
        budget.TakeNode(8);
        stack.Push(new PthInteger(number));
    }

    private void PushLong(int size)
    {
        if (size > MaxIntegerBytes)
        {
            throw PickleFault.Of($"an integer of {size} bytes, more than 4,300 digits");
        }

        budget.TakeBytes(size);
        PushInteger(new BigInteger(input.Bytes(size)));
    }

    private void PushFloat(double number)
    {
        budget.TakeNode();
        stack.Push(new PthFloat(number));
    }

    private void PushText(long size, bool ofPython2 = false)
    {
        byte[] bytes = input.Bytes(size);
        budget.TakeNode(BytesOfText + (2 * size));
        stack.Push(new PthText(ofPython2 ? PickleText.DecodePython2(bytes) : PickleText.Decode(bytes)));
    }

    private void PushBytes(long size)
    {
        byte[] bytes = input.Bytes(size);
        budget.TakeNode(BytesOfText + size);
        stack.Push(new PthBytes(bytes));
    }

    private void PushName()
    {
        ReadOnlySpan<PthValue> names = stack.Pop(2);
        stack.Push(names is [PthText module, PthText name] ? objects.Name(module.Value, name.Value) : throw PickleFault.Of("a name that is no text"));
    }

    private void Call()
    {
        PthSequence arguments = stack.Pop<PthSequence>();
        PthObject callee = stack.Pop<PthObject>();
        stack.Push(callee.Arguments is null ? objects.Make(callee.Name, arguments) : throw PickleFault.Of("a call of something that is no function"));
    }

    private void Build()
    {
        PthValue state = stack.Pop();
        objects.SetState(stack.Peek(), state);
    }

    private void Append(PthSequenceKind kind, ReadOnlySpan<PthValue> items)
    {
        if (stack.Peek() is not PthSequence sequence || sequence.Kind != kind)
        {
            throw PickleFault.Of($"an append to something that is no {kind.ToString().ToLowerInvariant()}");
        }

        containers.Append(sequence, items);
    }

    private void SetItems(ReadOnlySpan<PthValue> items)
    {
        PthDict? dict = stack.Peek() switch
        {
            PthDict plain => plain,
            PthObject { Arguments: not null } named => named.Entries ??= containers.Dict(),
            _ => null,
        };
        if (dict is null || items.Length % 2 != 0)
        {
            throw PickleFault.Of("entries for something that is no dictionary");
        }

        containers.Reserve(dict, items.Length / 2);
        for (int i = 0; i < items.Length; i += 2)
        {
            containers.Set(dict, items[i], items[i + 1]);
        }
    }
}
