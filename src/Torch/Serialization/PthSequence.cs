namespace Compat.Torch.Serialization;

/// <summary>A list, a tuple or a set.</summary>
public sealed record PthSequence : PthValue
{
    // An array in what was read as a tuple: files have one for each shape and each call, so every byte of one counts.
    private readonly IReadOnlyList<PthValue> items;
    private HashSet<PthValue>? members;

    /// <summary>Makes a sequence.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="items">Its items.</param>
    public PthSequence(PthSequenceKind kind, params IEnumerable<PthValue> items)
    {
        Kind = kind;
        this.items = new List<PthValue>(items);
    }

    private PthSequence(PthSequenceKind kind, PthValue[] items)
    {
        Kind = kind;
        this.items = items;
    }

    /// <summary>Makes a list.</summary>
    /// <param name="items">Its items.</param>
    /// <returns>The list.</returns>
    public static PthSequence List(params IEnumerable<PthValue> items) => new(PthSequenceKind.List, items);

    /// <summary>Makes a tuple.</summary>
    /// <param name="items">Its items.</param>
    /// <returns>The tuple.</returns>
    public static PthSequence Tuple(params IEnumerable<PthValue> items) => new(PthSequenceKind.Tuple, items);

    /// <summary>Gets which of Python's sequences it is.</summary>
    public PthSequenceKind Kind { get; }

    /// <summary>Gets the items.</summary>
    public IReadOnlyList<PthValue> Items => items;

    internal static PthSequence TupleOf(ReadOnlySpan<PthValue> items) => new(PthSequenceKind.Tuple, items.ToArray());

    internal void Append(ReadOnlySpan<PthValue> more) => ((List<PthValue>)items).AddRange(more);

    internal void ReserveMembers(int count)
    {
        members ??= new HashSet<PthValue>(count, PthKeyComparer.Python);
        if (items.Count == 0)
        {
            ((List<PthValue>)items).EnsureCapacity(count);
        }
    }

    // As Python's sets: what is there already is not added.
    internal void AppendMember(PthValue item)
    {
        if (members!.Add(item))
        {
            ((List<PthValue>)items).Add(item);
        }
    }
}
