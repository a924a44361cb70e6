using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Serialization;

namespace Compat.Legacy;

/// <summary>What a runner says about itself in checkpoints and in the JSON log: MMCV's <c>meta</c>. An ordered dictionary, open to everybody.</summary>
/// <remarks>
/// <para>Texts, numbers and truth values are set as they are; <see cref="PthSequence.List"/> and <see cref="PthSequence.Tuple"/> make lists and tuples,
/// <see cref="PthBytes"/> holds bytes, <see cref="PthNone"/> is None, a <see cref="PthDict"/> is nested.</para>
/// <para>An entry may be known later: <see cref="Defer"/> takes a function, which is called each time the entry is read or saved. So a hook whose state lies on
/// a GPU puts it here once, and no iteration waits for it.</para>
/// <para>What is read is a copy: to change a nested dictionary, take it with <see cref="Section"/>.</para>
/// </remarks>
/// <example><code>
/// RunnerMeta meta = new() { ["exp_name"] = "digits", ["seed"] = 3, ["betas"] = PthSequence.Tuple(0.9, 0.999) };
/// meta.Section("fp16").Defer("loss_scaler", scaler.ToPth);
/// </code></example>
public sealed class RunnerMeta : IEnumerable<KeyValuePair<PthValue, PthValue>>
{
    private readonly OrderedDictionary<PthValue, Entry> entries = [];
    private readonly PthDictKind kind;

    /// <summary>Makes an empty dictionary.</summary>
    public RunnerMeta()
        : this(PthDictKind.Dict)
    {
    }

    private RunnerMeta(PthDictKind kind) => this.kind = kind;

    /// <summary>Gets the number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>Gets an entry, or sets it in its place or at the end.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyNotFoundException">There is no such entry.</exception>
    public PthValue this[string key]
    {
        get => TryGetValue(key, out PthValue? value)
            ? value
            : throw new KeyNotFoundException(
                $"The meta has no entry '{key}'. Entries present: {(Count == 0 ? "none" : string.Join(", ", entries.Keys.Select(Shown)))}.");
        set => Set(new PthText(key), value);
    }

    /// <summary>Takes a dictionary that was read from a checkpoint.</summary>
    /// <param name="dict">The dictionary. It is copied; tensors in it are borrowed.</param>
    /// <returns>The meta.</returns>
    public static RunnerMeta FromPth(PthDict dict)
    {
        ArgumentNullException.ThrowIfNull(dict);
        RunnerMeta meta = new(dict.Kind);
        foreach ((PthValue key, PthValue value) in dict)
        {
            meta.Set(key, value);
        }

        return meta;
    }

    /// <summary>Adds an entry; for initialisers such as <c>new RunnerMeta { { "seed", 3 } }</c>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">There is such an entry already.</exception>
    public void Add(string key, PthValue value)
    {
        if (entries.ContainsKey(new PthText(key)))
        {
            throw new ArgumentException($"The meta has an entry '{key}' already. Write meta[\"{key}\"] = … to replace it.", nameof(key));
        }

        this[key] = value;
    }

    /// <summary>Sets an entry whose key need not be a text. The JSON log leaves out keys that JSON cannot hold.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    public void Set(PthValue key, PthValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        entries[key] = value is PthDict dict ? new Entry(FromPth(dict)) : new Entry(() => value);
    }

    /// <summary>Sets an entry that is computed whenever it is read or saved.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Computes the value. It may be called often or never, between iterations or within one.</param>
    public void Defer(string key, Func<PthValue> value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        entries[new PthText(key)] = new Entry(() => value() ?? throw new InvalidOperationException(
            $"The deferred entry '{key}' of the meta was computed as null. Return PthNone.Value for None."));
    }

    /// <summary>Gets a nested dictionary to change, and adds an empty one if there is none: <c>meta.setdefault(key, {})</c>.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The nested dictionary; its changes are seen here.</returns>
    /// <exception cref="InvalidOperationException">There is such an entry, but it is no dictionary.</exception>
    public RunnerMeta Section(string key)
    {
        PthText text = new(key);
        if (!entries.TryGetValue(text, out Entry entry))
        {
            entry = new Entry(new RunnerMeta());
            entries.Add(text, entry);
        }

        return entry.Section ?? throw new InvalidOperationException(
            $"The entry '{key}' of the meta is no dictionary, so nothing can be nested in it. Choose another key, or remove the entry first.");
    }

    /// <summary>Gets an entry if it is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGetValue(string key, [NotNullWhen(true)] out PthValue? value)
    {
        value = entries.TryGetValue(new PthText(key), out Entry entry) ? entry.Read() : null;
        return value is not null;
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether it was there.</returns>
    public bool Remove(string key) => entries.Remove(new PthText(key));

    /// <summary>Gives everything as it is now, deferred entries computed.</summary>
    /// <returns>A dictionary of its own; tensors in it are borrowed.</returns>
    public PthDict ToPth()
    {
        PthDict dict = new(kind);
        foreach ((PthValue key, Entry entry) in entries)
        {
            dict.Set(key, entry.Read());
        }

        return dict;
    }

    /// <summary>Enumerates the entries in order, as they are now.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<PthValue, PthValue>> GetEnumerator() => ToPth().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string Shown(PthValue key) => key is PthText text ? text.Value : "…";

    private readonly struct Entry
    {
        private readonly Func<PthValue> compute;

        public Entry(Func<PthValue> compute) => this.compute = compute;

        public Entry(RunnerMeta section)
        {
            Section = section;
            compute = section.ToPth;
        }

        public RunnerMeta? Section { get; }

        public PthValue Read() => compute();
    }
}
