using System.Globalization;
using Compat.Torch.Logging;
using Compat.Torch.Native;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>
/// Log values that were computed but not read yet. They stay on their device as tensors of one element; <see cref="Flush"/> reads them all with one
/// transfer per device, when something is printed or asked for.
/// </summary>
/// <remarks>
/// Both originals read every value in every iteration, which makes a GPU wait each time. Non-finite losses are found here, when the values are read,
/// so that looking for them costs no wait of its own.
/// </remarks>
[HoldsTensors("owner: the message hub or log buffer that holds this; freed by every Flush and by Dispose")]
public sealed class PendingScalars(NonFiniteLoss nonFiniteLoss = NonFiniteLoss.Error, ILogger? logger = null) : IDisposable
{
    // A run that never logs would collect values for ever. Reading a few thousand at once costs next to nothing.
    private const int Capacity = 4096;

    private readonly ILogger logger = logger ?? NullLogger.Instance;
    private readonly List<Entry> entries = [];
    private readonly List<(WatchedLoss Loss, double Value)> undecided = [];
    private bool warned;

    /// <summary>Gets how many tensors wait to be read.</summary>
    public int Count => entries.Count;

    /// <summary>Gets or sets whether a loss scaler decides later which losses belong to a step that is left out (<see cref="Decide"/>).</summary>
    /// <value>The default is <see langword="false"/>: a loss is judged when it is read. Else it waits for the decision, also after it was read.</value>
    public bool AwaitsScaler { get; set; }

    /// <summary>Keeps a value until it is read.</summary>
    /// <param name="value">A tensor of one element. Borrowed.</param>
    /// <param name="sink">Who gets the number; <see langword="null"/> if it is only watched.</param>
    /// <param name="slot">The place in the sink that the number is for.</param>
    /// <param name="watched">The loss that this value is and that must be finite; <see langword="null"/>, the default, for any other value.</param>
    /// <param name="skipped">
    /// A tensor of one element that is above 0 if a loss scaler skipped the step of this loss, which then need not be finite. It is read together with
    /// the value. <see langword="null"/>, the default, if no step is skipped. Borrowed.
    /// </param>
    public void Add(Tensor value, IScalarSink? sink, int slot, WatchedLoss? watched = null, Tensor? skipped = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        Tensor? kept = watched is null || skipped is null ? null : Keep(skipped);
        entries.Add(new Entry(Keep(value), sink, slot, watched, kept));
        if (entries.Count >= Capacity)
        {
            Flush();
        }
    }

    /// <summary>Checks a loss that is a number already.</summary>
    /// <param name="loss">Which loss it is.</param>
    /// <param name="value">Its value.</param>
    /// <param name="skipped">As for <see cref="Add"/>: it decides about a value that is not finite, when it is read. Borrowed.</param>
    /// <exception cref="NonFiniteLossException">The value is not finite, and that is an error.</exception>
    public void Check(WatchedLoss loss, double value, Tensor? skipped = null)
    {
        if (double.IsFinite(value))
        {
            return;
        }

        if (skipped is not null)
        {
            AddNumber(loss, value, skipped);
        }
        else if (AwaitsScaler)
        {
            undecided.Add((loss, value));
        }
        else
        {
            Report(loss, value);
        }
    }

    /// <summary>Takes a loss scaler's decision about the step of all losses since the last decision, which need not be finite if it is left out.</summary>
    /// <param name="skipped">A tensor of one element that is above 0 if the step is left out. It is read together with the values. Borrowed.</param>
    public void Decide(Tensor skipped)
    {
        ArgumentNullException.ThrowIfNull(skipped);
        for (int i = entries.Count - 1; i >= 0 && entries[i] is { Skipped: null } entry; i--)
        {
            entries[i] = entry.Watched is null ? entry : entry with { Skipped = Keep(skipped) };
        }

        undecided.ForEach(loss => AddNumber(loss.Loss, loss.Value, skipped));
        undecided.Clear();
    }

    /// <summary>Reads everything that waits, hands it out and frees the tensors.</summary>
    /// <exception cref="NonFiniteLossException">A watched loss is not finite. All values were handed out before.</exception>
    public void Flush()
    {
        if (entries.Count == 0)
        {
            return;
        }

        Entry[] flushed = [.. entries];
        double[] values = ReadAll([.. flushed.Select(entry => entry.Value), .. flushed.Select(entry => entry.Skipped).OfType<Tensor>()]);
        Free();
        for (int i = 0; i < flushed.Length; i++)
        {
            flushed[i].Sink?.Resolve(flushed[i].Slot, values[i]);
        }

        int next = flushed.Length;
        CheckWatched(flushed, values, Array.ConvertAll(flushed, entry => entry.Skipped is not null && values[next++] > 0));
    }

    /// <summary>Frees everything that waits, unread.</summary>
    public void Dispose() => Free();

    /// <summary>Reads one tensor of one element. Waits for the GPU if it is there.</summary>
    /// <param name="value">The tensor. Borrowed.</param>
    /// <returns>The number.</returns>
    internal static double ReadOne(Tensor value)
    {
        using DisposeScope scope = NewDisposeScope();
        return HostRead.Number<double>(value.detach().to(ScalarType.Float64));
    }

    private static double[] ReadAll(List<Tensor> tensors)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] values = new double[tensors.Count];
        foreach (IGrouping<(DeviceType, int), int> device in
            Enumerable.Range(0, tensors.Count).GroupBy(i => (tensors[i].device_type, tensors[i].device_index)))
        {
            // Only tensors of one type can be stacked; a half-precision loss and the float32 flag that goes with it are still read together.
            int[][] types = [.. device.GroupBy(i => tensors[i].dtype).Select(type => type.ToArray())];
            Tensor together = cat([.. types.Select(places => stack(places.Select(i => tensors[i].reshape([]))).to(ScalarType.Float64))]);
            double[] read = HostRead.ToCpu(together).data<double>().ToArray();
            int next = 0;
            foreach (int place in types.SelectMany(places => places))
            {
                values[place] = read[next++];
            }
        }

        return values;
    }

    // The result of an operation that autograd knows is this iteration's own and never written to again. Anything else, a counter or a parameter,
    // may be changed in place before it is read, so it is copied.
    private static Tensor Keep(Tensor value)
    {
        Tensor alias = value.detach().DetachFromDisposeScope();
        if (value.requires_grad && !value.is_leaf)
        {
            return alias;
        }

        using (alias)
        {
            return alias.clone().DetachFromDisposeScope();
        }
    }

    private void AddNumber(WatchedLoss loss, double value, Tensor skipped)
    {
        using Tensor number = tensor(value);
        Add(number, null, 0, loss, skipped);
    }

    // The first iteration counts; in it, a single term says more than the total, which is named 'loss' and listed before it.
    private void CheckWatched(Entry[] flushed, double[] values, bool[] skipped)
    {
        ILookup<bool, (WatchedLoss Loss, double Value)> found = flushed.Zip(values, skipped)
            .Where(read => read is { First.Watched: not null, Third: false } && !double.IsFinite(read.Second))
            .ToLookup(read => AwaitsScaler && read.First.Skipped is null, read => (read.First.Watched!.Value, read.Second));
        undecided.AddRange(found[true]);
        (WatchedLoss Loss, double Value)[] bad = [.. found[false]];
        if (bad.Length > 0)
        {
            int first = bad.Min(entry => entry.Loss.Iteration);
            (WatchedLoss loss, double value) = bad.Where(entry => entry.Loss.Iteration == first).MinBy(entry => entry.Loss.Term == "loss" ? 1 : 0);
            Report(loss, value);
        }
    }

    private void Free()
    {
        foreach (Entry entry in entries)
        {
            entry.Value.Dispose();
            entry.Skipped?.Dispose();
        }

        entries.Clear();
    }

    private void Report(WatchedLoss loss, double value)
    {
        if (nonFiniteLoss == NonFiniteLoss.Ignore)
        {
            return;
        }

        string message = string.Create(
            CultureInfo.InvariantCulture,
            $"The loss is not finite: '{loss.Term}' is {value} at iteration {loss.Iteration} (counted from 0). "
            + $"Lower the learning rate, clip the gradients or look for bad samples in that batch; "
            + $"set NonFiniteLoss to Warn or Ignore in the runner's options to train on.");
        if (nonFiniteLoss == NonFiniteLoss.Error)
        {
            throw new NonFiniteLossException(message);
        }

        if (!warned)
        {
            warned = true;
            CompatEvents.Write(logger, LogLevel.Warning, CompatEvents.NonFiniteLoss, message);
        }
    }

    private readonly record struct Entry(Tensor Value, IScalarSink? Sink, int Slot, WatchedLoss? Watched, Tensor? Skipped);
}
