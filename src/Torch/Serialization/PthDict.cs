using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Compat.Torch.Serialization;

/// <summary>A dictionary in the order of the file. Keys are usually texts.</summary>
/// <example><code>new PthDict { ["epoch"] = 3, ["state_dict"] = weights }</code></example>
public sealed record PthDict : PthValue, IEnumerable<KeyValuePair<PthValue, PthValue>>
{
    private static readonly OrderedDictionary<PthValue, PthValue> None = [];

    // Made with the first entry: files have an empty dictionary for each tensor.
    private readonly PthKeyComparer comparer;
    private OrderedDictionary<PthValue, PthValue> entries = None;

    /// <summary>Makes an empty dictionary.</summary>
    /// <param name="kind">Which of Python's it is. The default is a plain one.</param>
    public PthDict(PthDictKind kind = PthDictKind.Dict)
        : this(kind, PthKeyComparer.Exact)
    {
    }

    internal PthDict(PthDictKind kind, PthKeyComparer comparer)
    {
        Kind = kind;
        this.comparer = comparer;
    }

    /// <summary>Gets which of Python's dictionaries it is.</summary>
    public PthDictKind Kind { get; }

    /// <summary>Gets the number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>Gets the attributes that Python set on the object, such as <c>_metadata</c>.</summary>
    /// <value><see langword="null"/> if there are none. They are not written.</value>
    public PthValue? Attributes { get; internal set; }

    /// <summary>Gets or adds an entry by a text.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyNotFoundException">There is no such entry.</exception>
    public PthValue this[string key]
    {
        get => TryGetValue(key, out PthValue? value)
            ? value
            : throw new KeyNotFoundException($"There is no entry '{key}'. Entries present: {string.Join(", ", entries.Select(entry => (entry.Key as PthText)?.Value ?? "…"))}.");
        set => Set(new PthText(key), value);
    }

    /// <summary>Gets an entry by a text if it is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The entry.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGetValue(string key, [NotNullWhen(true)] out PthValue? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        return TryGetValue(new PthText(key), out value);
    }

    /// <summary>Adds an entry, or replaces the one with the same key in its place.</summary>
    /// <param name="key">The key: a text, a number, a truth value, None, or a tuple of these.</param>
    /// <param name="value">The entry.</param>
    /// <remarks>
    /// In a dictionary of yours 1, 1.0 and True are three keys; Python has only one, so writing them together is refused. In one that was read they are one key, as in Python.
    /// </remarks>
    public void Set(PthValue key, PthValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        Reserve(0);
        entries[key] = value;
    }

    /// <summary>Enumerates the entries in order.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<PthValue, PthValue>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // Later ones come in batches, and room for each exactly would be made again for the next.
    internal void Reserve(int count)
    {
        if (ReferenceEquals(entries, None))
        {
            entries = new OrderedDictionary<PthValue, PthValue>(count, comparer);
        }
    }

    internal bool TryGetValue(PthValue key, [NotNullWhen(true)] out PthValue? value) => entries.TryGetValue(key, out value);
}
