using System.Runtime.InteropServices;
using Compat.Torch.Logging;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Logging;

/// <summary>The history of one logged value, with statistics over its last entries.</summary>
/// <remarks>
/// A mean is <c>Σ values / Σ counts</c>: a value that stands for several samples is given already multiplied by their number. An entry with a weight
/// holds the plain value, which the mean multiplies: <c>Σ (value · weight) / Σ weights</c>, as MMCV's <c>LogBuffer</c> averages. Entries of both kinds
/// may be mixed; each then adds its sum and its number of samples. Tensors are read when a statistic is asked for, not before. Source: MMEngine
/// <c>HistoryBuffer</c>.
/// </remarks>
public sealed class HistoryBuffer : IScalarSink
{
    private readonly PendingScalars pending;
    private readonly int maxLength;
    private readonly List<double> values = [];
    private readonly List<int> counts = [];
    private readonly List<int?> weights = [];
    private int dropped;

    /// <summary>Makes an empty history.</summary>
    /// <param name="pending">Where tensors wait until they are read. Borrowed.</param>
    /// <param name="maxLength">How many entries are kept, at least 1; older ones are forgotten. The default is a million.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is below 1.</exception>
    public HistoryBuffer(PendingScalars pending, int maxLength = 1_000_000)
    {
        ArgumentNullException.ThrowIfNull(pending);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        this.pending = pending;
        this.maxLength = maxLength;
    }

    /// <summary>Gets how many entries are kept.</summary>
    public int Count => Math.Min(values.Count, maxLength);

    /// <summary>Adds an entry.</summary>
    /// <param name="value">The value, already multiplied by <paramref name="count"/>.</param>
    /// <param name="count">How many samples the value stands for. The default is 1.</param>
    /// <param name="watched">The loss that this value is and that must be finite; <see langword="null"/>, the default, for any other value.</param>
    /// <param name="weight">
    /// By how much the mean multiplies the value, usually the size of the batch; it takes the place of <paramref name="count"/> there. The default is
    /// <see langword="null"/>: an entry without a weight.
    /// </param>
    /// <param name="skipped">
    /// A tensor of one element that is above 0 if a loss scaler skipped the step of this loss, which then need not be finite. Borrowed. The default is
    /// <see langword="null"/>.
    /// </param>
    public void Update(LogValue value, int count = 1, WatchedLoss? watched = null, int? weight = null, Tensor? skipped = null)
    {
        values.Add(value.Number);
        counts.Add(count);
        weights.Add(weight);
        if (value.Tensor is { } tensor)
        {
            pending.Add(tensor, this, dropped + values.Count - 1, watched, skipped);
        }
        else if (watched is { } loss)
        {
            pending.Check(loss, value.Number, skipped);
        }

        if (values.Count >= 2L * maxLength)
        {
            DropOldest(values.Count - maxLength);
        }
    }

    /// <summary>Computes the mean of the last entries.</summary>
    /// <param name="window">How many entries; <see langword="null"/>, 0, or more than there are, for all.</param>
    /// <returns>
    /// <c>Σ values / Σ counts</c>, summed as numpy does; an entry with a weight adds <c>value · weight</c> above and its weight below. NaN if there is no
    /// entry.
    /// </returns>
    public double Mean(int? window = null)
    {
        ReadOnlySpan<double> last = Window(window);
        double[] sums = last.ToArray();
        long count = 0;
        int first = values.Count - sums.Length;
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] *= weights[first + i] ?? 1;
            count += weights[first + i] ?? counts[first + i];
        }

        return NumpyNumbers.Sum(sums) / count;
    }

    /// <summary>Finds the smallest of the last entries.</summary>
    /// <param name="window">How many entries; <see langword="null"/>, 0, or more than there are, for all.</param>
    /// <returns>The smallest value; NaN if one of them is NaN.</returns>
    /// <exception cref="InvalidOperationException">There is no entry.</exception>
    public double Min(int? window = null) => NumpyNumbers.Min(SomeOf(window));

    /// <summary>Finds the largest of the last entries.</summary>
    /// <param name="window">How many entries; <see langword="null"/>, 0, or more than there are, for all.</param>
    /// <returns>The largest value; NaN if one of them is NaN.</returns>
    /// <exception cref="InvalidOperationException">There is no entry.</exception>
    public double Max(int? window = null) => NumpyNumbers.Max(SomeOf(window));

    /// <summary>Gets the last value.</summary>
    /// <returns>The value as it was given, neither divided by its count nor multiplied by its weight.</returns>
    /// <exception cref="InvalidOperationException">There is no entry.</exception>
    public double Current() => SomeOf(1)[^1];

    void IScalarSink.Resolve(int slot, double value)
    {
        // A value may have been forgotten before anybody read it.
        if (slot >= dropped)
        {
            values[slot - dropped] = value;
        }
    }

    private ReadOnlySpan<double> SomeOf(int? window) => values.Count > 0
        ? Window(window)
        : throw new InvalidOperationException("The history is empty, so there is nothing to compute. Update it first.");

    private ReadOnlySpan<double> Window(int? window)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(window ?? 0, nameof(window));
        pending.Flush();
        int length = window is null or 0 ? Count : Math.Min(window.Value, Count);     // 0 is everything, as Python's [-0:]
        return CollectionsMarshal.AsSpan(values)[^length..];
    }

    private void DropOldest(int count)
    {
        values.RemoveRange(0, count);
        counts.RemoveRange(0, count);
        weights.RemoveRange(0, count);
        dropped += count;
    }
}
