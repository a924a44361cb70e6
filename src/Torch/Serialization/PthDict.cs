using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Compat.Torch.Serialization;

/// <summary>A dictionary in the order of the file. Keys are usually texts.</summary>
/// <example><code>new PthDict { ["epoch"] = 3, ["state_dict"] = weights }</code></example>
public sealed record PthDict : PthValue, IEnumerable<KeyValuePair<PthValue, PthValue>>
{
    private readonly List<KeyValuePair<PthValue, PthValue>> entries = [];

    /// <summary>Makes an empty dictionary.</summary>
    /// <param name="kind">Which of Python's it is. The default is a plain one.</param>
    public PthDict(PthDictKind kind = PthDictKind.Dict) => Kind = kind;

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
        value = entries.Find(entry => entry.Key is PthText text && text.Value == key).Value;
        return value is not null;
    }

    /// <summary>Adds an entry, or replaces the one with the same key in its place.</summary>
    /// <param name="key">The key: a text, a number, a truth value or None.</param>
    /// <param name="value">The entry.</param>
    public void Set(PthValue key, PthValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        int place = entries.FindIndex(entry => entry.Key.Equals(key));
        if (place < 0)
        {
            entries.Add(new(key, value));
        }
        else
        {
            entries[place] = new(key, value);
        }
    }

    /// <summary>Enumerates the entries in order.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<PthValue, PthValue>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // A file's keys are unique already; looking for each would make reading slow.
    internal void Append(PthValue key, PthValue value) => entries.Add(new(key, value));
}
