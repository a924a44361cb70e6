using System.Collections;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Values to be logged, by name, in the order in which they were first set.</summary>
/// <example><code>LogVars vars = new() { ["loss1"] = loss1.sum(), ["accuracy"] = 0.5 };</code></example>
[HoldsTensors("owner: the iteration's dispose scope; what is logged is kept by PendingScalars")]
public sealed class LogVars : IReadOnlyCollection<KeyValuePair<string, LogValue>>
{
    // A handful of entries: looking through a list beats hashing.
    private readonly List<KeyValuePair<string, LogValue>> entries = [];
    private List<(Tensor Value, IScalarSink Sink, int Slot)>? readAlong;
    private int? numSamples;

    /// <inheritdoc/>
    public int Count => entries.Count;

    /// <summary>Gets or sets how many samples the values stand for: their weight when they are averaged.</summary>
    /// <value>
    /// At least 0. The default is <see langword="null"/>: all steps weigh the same, as in MMEngine. MMCV's models say it as <c>num_samples</c>, so that
    /// a last, smaller batch weighs less.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public int? NumSamples
    {
        get => numSamples;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value ?? 0, nameof(NumSamples));
            numSamples = value;
        }
    }

    /// <summary>Gets what is read together with the values, and not logged.</summary>
    public IReadOnlyList<(Tensor Value, IScalarSink Sink, int Slot)> ReadAlong => readAlong ?? [];

    /// <summary>Gets the names, in order.</summary>
    public IEnumerable<string> Names => entries.Select(entry => entry.Key);

    /// <summary>Gets or sets a value. Setting a name again replaces the value and keeps its place.</summary>
    /// <param name="name">The name; upper and lower case matter.</param>
    /// <exception cref="KeyNotFoundException">There is no value of that name.</exception>
    /// <exception cref="ArgumentException">The tensor does not have exactly one element.</exception>
    public LogValue this[string name]
    {
        get => TryGetValue(name, out LogValue value)
            ? value
            : throw new KeyNotFoundException($"There is no log value '{name}'. Values present: {string.Join(", ", Names)}.");

        set
        {
            if (value.Tensor is { } tensor && tensor.numel() != 1)
            {
                throw new ArgumentException(
                    $"The log value '{name}' has shape [{string.Join(", ", tensor.shape)}]; a log value has one element. "
                    + "Reduce it, for example with .mean(), or log its elements under names of their own.",
                    nameof(value));
            }

            int index = IndexOf(name);
            if (index < 0)
            {
                entries.Add(new(name, value));
            }
            else
            {
                entries[index] = new(name, value);
            }
        }
    }

    /// <summary>Gets a value if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value, or the number 0.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetValue(string name, out LogValue value)
    {
        int index = IndexOf(name);
        value = index < 0 ? default : entries[index].Value;
        return index >= 0;
    }

    /// <summary>Adds a tensor that is read together with the values, so that a check of numbers costs no wait of its own, and that is not logged.</summary>
    /// <param name="value">A tensor of one element. Borrowed.</param>
    /// <param name="sink">Who gets the number. What it throws ends the training.</param>
    /// <param name="slot">The place in the sink that the number is for.</param>
    public void ReadWith(Tensor value, IScalarSink sink, int slot)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(sink);
        (readAlong ??= []).Add((value, sink, slot));
    }

    /// <summary>Enumerates the values in order, without an allocation.</summary>
    /// <returns>The enumerator.</returns>
    public List<KeyValuePair<string, LogValue>>.Enumerator GetEnumerator() => entries.GetEnumerator();

    IEnumerator<KeyValuePair<string, LogValue>> IEnumerable<KeyValuePair<string, LogValue>>.GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => entries.GetEnumerator();

    private int IndexOf(string name)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            if (entries[i].Key == name)
            {
                return i;
            }
        }

        return -1;
    }
}
