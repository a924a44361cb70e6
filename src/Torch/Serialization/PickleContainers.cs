using System.Numerics;

namespace Compat.Torch.Serialization;

/// <summary>Builds dictionaries, lists, tuples and sets as Python would, within the budget.</summary>
internal sealed class PickleContainers(ReadBudget budget)
{
    // What an empty one takes beside its node.
    private const int BytesOfTuple = 40;
    private const int BytesOfSequence = 48;
    private const int BytesOfDict = 24;
    private const int BytesOfFirstEntries = 88;

    public PthDict Dict(PthDictKind kind = PthDictKind.Dict)
    {
        budget.TakeNode(BytesOfDict);
        return new PthDict(kind, PthKeyComparer.Python);
    }

    public PthSequence Tuple(ReadOnlySpan<PthValue> items)
    {
        budget.TakeNode(BytesOfTuple + (8L * items.Length));
        return PthSequence.TupleOf(items);
    }

    public PthSequence Sequence(PthSequenceKind kind, params ReadOnlySpan<PthValue> items)
    {
        budget.TakeNode(BytesOfSequence);
        PthSequence sequence = new(kind);
        Append(sequence, items);
        return sequence;
    }

    /// <summary>Adds items; to a set only those that it does not have.</summary>
    public void Append(PthSequence sequence, ReadOnlySpan<PthValue> items)
    {
        if (sequence.Kind != PthSequenceKind.Set)
        {
            budget.TakeItems(items.Length);
            sequence.Append(items);
            return;
        }

        budget.TakeEntries(items.Length);
        sequence.ReserveMembers(items.Length);
        foreach (PthValue item in items)
        {
            TakeKey(item);
            sequence.AppendMember(item);
        }
    }

    /// <summary>Makes room for the first entries of a dictionary.</summary>
    public void Reserve(PthDict dict, int count)
    {
        budget.TakeEntries(count);
        budget.TakeBytes(dict.Count == 0 ? BytesOfFirstEntries : 0);
        dict.Reserve(count);
    }

    /// <summary>Sets an entry that there is room for: of equal keys, the first and the last value stay, as in Python.</summary>
    public void Set(PthDict dict, PthValue key, PthValue value)
    {
        TakeKey(key);
        dict.Set(key, value);
    }

    /// <summary>Makes a dictionary from what Python's class is called with.</summary>
    /// <returns>It; <see langword="null"/> for other arguments.</returns>
    public PthDict? MakeDict(PthDictKind kind, IReadOnlyList<PthValue> arguments)
    {
        PthDict dict = Dict(kind);
        bool isCounter = kind == PthDictKind.Counter;
        switch (arguments)
        {
            case []:
                return dict;
            case [PthNone] when isCounter:
                return dict;
            case [PthDict source]:
                SetAll(dict, source);
                return dict;
            case [PthSequence items] when isCounter:
                CountAll(dict, items.Items);
                return dict;
            case [PthSequence pairs]:
                return SetPairs(dict, pairs.Items) ? dict : null;
            default:
                return null;
        }
    }

    /// <summary>Makes a set from what Python's class is called with.</summary>
    /// <returns>It; <see langword="null"/> for other arguments.</returns>
    public PthSequence? MakeSet(IReadOnlyList<PthValue> arguments) => arguments switch
    {
        [] => Sequence(PthSequenceKind.Set),
        [PthSequence items] => Sequence(PthSequenceKind.Set, [.. items.Items]),
        _ => null,
    };

    private void SetAll(PthDict dict, PthDict source)
    {
        Reserve(dict, source.Count);
        foreach ((PthValue key, PthValue value) in source)
        {
            Set(dict, key, value);
        }
    }

    // Python 2 writes an OrderedDict so.
    private bool SetPairs(PthDict dict, IReadOnlyList<PthValue> pairs)
    {
        Reserve(dict, pairs.Count);
        foreach (PthValue pair in pairs)
        {
            if (pair is not PthSequence { Kind: not PthSequenceKind.Set, Items: [PthValue key, PthValue value] })
            {
                return false;
            }

            Set(dict, key, value);
        }

        return true;
    }

    private void CountAll(PthDict dict, IReadOnlyList<PthValue> items)
    {
        Reserve(dict, items.Count);
        foreach (PthValue item in items)
        {
            TakeKey(item);                                            // before it is looked up: a tuple in tuples would overflow the stack, or take for ever
            BigInteger before = dict.TryGetValue(item, out PthValue? count) ? ((PthInteger)count).Value : BigInteger.Zero;
            budget.TakeNode(8);
            dict.Set(item, new PthInteger(before + 1));
        }
    }

    // A large key takes no memory, but time.
    private void TakeKey(PthValue key) => budget.TakeNodes(PthKey.CountParts(key) - 1);
}
