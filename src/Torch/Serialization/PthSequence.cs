namespace Compat.Torch.Serialization;

/// <summary>A list, a tuple or a set.</summary>
public sealed record PthSequence : PthValue
{
    private readonly List<PthValue> items;

    /// <summary>Makes a sequence.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="items">Its items.</param>
    public PthSequence(PthSequenceKind kind, params IEnumerable<PthValue> items)
    {
        Kind = kind;
        this.items = [.. items];
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

    internal void Append(IEnumerable<PthValue> more) => items.AddRange(more);
}
