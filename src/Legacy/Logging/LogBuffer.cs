using Compat.Legacy.Runners;
using Compat.Torch.Logging;
using Compat.Torch.Training;

namespace Compat.Legacy;

/// <summary>The log values since the last clearing, and their averages.</summary>
/// <remarks>
/// An average is weighted by the number of samples: <c>Σ(value · count) / Σ count</c>, over each name's own last entries, summed as numpy does. Tensors
/// are read when an average is asked for, not before. Source: MMCV <c>LogBuffer</c>.
/// </remarks>
public sealed class LogBuffer : IDisposable
{
    private readonly OrderedDictionary<string, History> histories = [];
    private readonly PendingScalars pending;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="pending">Where tensors wait until they are read; the buffer takes it over. <see langword="null"/> for a new one.</param>
    public LogBuffer(PendingScalars? pending = null) => this.pending = pending ?? new();

    /// <summary>Gets the averages of the last call of <see cref="Average"/>, in the order in which their names first came.</summary>
    public OrderedDictionary<string, double> Output { get; } = [];

    /// <summary>Gets or sets whether <see cref="Output"/> holds something to be logged.</summary>
    public bool Ready { get; set; }

    /// <summary>Gets the names that have a history, in order.</summary>
    public IReadOnlyCollection<string> Names => histories.Keys;

    /// <summary>Gets or sets whether a loss scaler decides later which losses belong to a step that is left out, and need not be finite then.</summary>
    /// <value>The default is <see langword="false"/>. A hook with a scaler sets it before the run, and calls <see cref="BaseRunner.AnnounceSkip"/> after each step.</value>
    public bool AwaitsScaler
    {
        get => pending.AwaitsScaler;
        set => pending.AwaitsScaler = value;
    }

    /// <summary>Gets or sets who is told of values that hooks add, and of how many samples they stand for: whoever keeps a log of its own.</summary>
    /// <value>The default is <see langword="null"/>: nobody. What a training step returned is not told; it is in the runner's outputs.</value>
    public Action<LogVars, int>? Listener { get; set; }

    /// <summary>Adds values.</summary>
    /// <param name="vars">The values.</param>
    /// <param name="count">How many samples they stand for. The default is 1.</param>
    public void Update(LogVars vars, int count = 1)
    {
        Add(vars, count, iteration: null);
        Listener?.Invoke(vars, count);
    }

    /// <summary>Averages each name's last entries into <see cref="Output"/>. The histories stay.</summary>
    /// <param name="n">How many entries; 0, the default, for all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is negative.</exception>
    public void Average(int n = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        pending.Flush();
        foreach ((string name, History history) in histories)
        {
            Output[name] = history.Average(n);
        }

        Ready = true;
    }

    /// <summary>Forgets everything. Values that nobody read are checked for non-finite losses first.</summary>
    public void Clear()
    {
        pending.Flush();
        histories.Clear();
        ClearOutput();
    }

    /// <summary>Forgets the averages, not the histories.</summary>
    public void ClearOutput()
    {
        Output.Clear();
        Ready = false;
    }

    /// <summary>Reads the values that nobody read, and finds non-finite losses among them. A runner does it after each training epoch.</summary>
    /// <exception cref="NonFiniteLossException">A loss is not finite, and the runner's options do not allow it.</exception>
    public void Flush() => pending.Flush();

    /// <summary>Takes a loss scaler's decision about the losses since the last one, which need not be finite if their step is left out.</summary>
    /// <remarks><see cref="BaseRunner.AnnounceSkip"/> calls it. By itself it is for who scales in place of a hook and has announced the step already.</remarks>
    /// <param name="isSkipped">One element, not 0 if the step is left out. Borrowed.</param>
    public void Decide(TorchSharp.torch.Tensor isSkipped) => pending.Decide(isSkipped);

    /// <summary>Frees the values that nobody read.</summary>
    public void Dispose() => pending.Dispose();

    /// <summary>Tells whether a value of <see cref="Output"/> was averaged here, or put there by somebody else.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether it was averaged: in MMCV it is a float64 of numpy then, which rounds its own way, and else a float of Python.</returns>
    internal bool IsAverage(string name) =>
        histories.TryGetValue(name, out History? history) && Output.TryGetValue(name, out double value) && history.LastAverage.Equals(value);

    /// <summary>Adds the values of a training step, whose losses must be finite.</summary>
    /// <param name="vars">The values.</param>
    /// <param name="count">How many samples they stand for.</param>
    /// <param name="iteration">The iteration, for the message.</param>
    internal void UpdateWatched(LogVars vars, int count, int iteration) => Add(vars, count, iteration);

    /// <summary>Watches a loss that is not logged.</summary>
    /// <param name="loss">The loss. Borrowed.</param>
    /// <param name="iteration">The iteration, for the message.</param>
    internal void Watch(TorchSharp.torch.Tensor loss, int iteration) => pending.Add(loss, null, 0, new WatchedLoss("loss", iteration));

    private void Add(LogVars vars, int count, int? iteration)
    {
        ArgumentNullException.ThrowIfNull(vars);
        foreach ((string name, LogValue value) in vars)
        {
            if (!histories.TryGetValue(name, out History? history))
            {
                history = new History();
                histories.Add(name, history);
            }

            WatchedLoss? watched = iteration is { } number ? WatchedLoss.ForLogged(name, number) : null;
            history.Add(value, count, pending, watched);
        }
    }

    private sealed class History : IScalarSink
    {
        private readonly List<double> values = [];
        private readonly List<int> counts = [];

        /// <summary>Gets the last average; <see langword="null"/> if there was none.</summary>
        public double? LastAverage { get; private set; }

        public void Add(LogValue value, int count, PendingScalars pending, WatchedLoss? watched)
        {
            values.Add(value.Number);
            counts.Add(count);
            if (value.Tensor is { } tensor)
            {
                pending.Add(tensor, this, values.Count - 1, watched);
            }
            else if (watched is { } loss)
            {
                pending.Check(loss, value.Number);
            }
        }

        public double Average(int n)
        {
            int first = n == 0 ? 0 : Math.Max(values.Count - n, 0);
            double[] sums = [.. values.Skip(first)];
            long weight = 0;
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] *= counts[first + i];
                weight += counts[first + i];
            }

            double average = NumpyNumbers.Sum(sums) / weight;
            LastAverage = average;
            return average;
        }

        public void Resolve(int slot, double value) => values[slot] = value;
    }
}
