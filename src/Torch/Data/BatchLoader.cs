using System.Collections;
using Compat.Torch.Native;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Reads a dataset batch by batch, on the thread that enumerates it or on threads of its own that go ahead of it.</summary>
/// <remarks>
/// <para>A batch leaves the loader without a dispose scope: the training loops take it into the iteration's scope; whoever enumerates by hand disposes
/// it.</para>
/// <para>Batches come in the same order, with the same content, whatever the number of workers. Each pass draws one number from torch's generator, for the
/// random numbers of workers (<see cref="WorkerInfo"/>), as PyTorch does; so equal seeds leave the generator where PyTorch leaves it.</para>
/// <para>Ending an enumeration early, or disposing the loader, stops the workers and frees what they have read. The workers of a pass that nobody ends stop when it
/// is collected, at the latest with the process. The position is that of one pass: while two run over the same sampler at once, it is of neither. Source: PyTorch <c>DataLoader</c>.</para>
/// </remarks>
public sealed class BatchLoader : IEnumerable<DataBatch>, IDisposable
{
    private readonly BatchLoaderOptions options;
    private readonly BatchFetcher fetcher;
    private readonly List<WeakReference<IBatchSource>> running = [];   // weak: a pass that is abandoned is to be collected
    private LoaderPosition? current;
    private LoaderPosition? resumed;
    private volatile bool isDisposed;

    /// <summary>Makes a loader.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="options">Batch size, order, collating and workers; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the loader would give no batch at all.</exception>
    public BatchLoader(Dataset dataset, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchEnvironment.EnsureLoaded();
        this.options = options ??= new();
        Dataset = dataset;
        // An empty dataset is refused below, with words of the loader's own.
        Sampler = options.Sampler ?? (options.Shuffle && dataset.Count > 0 ? new RandomSampler(dataset) : new SequentialSampler(dataset));
        BatchSampler = new BatchSampler(Sampler, options.BatchSize, options.DropLast);
        fetcher = new BatchFetcher(dataset, options.Collate, options.PinMemory && cuda.is_available());
        if (options.Wrong() is { } wrong)
        {
            throw new ArgumentException(wrong, nameof(options));
        }

        // A process may have none where others have some: it takes part in what all do together.
        if (Length == 0 && (options.DropLast || dataset.Count == 0 || Sampler is not DefaultSampler { IsShared: true }))
        {
            throw new ArgumentException(
                $"The loader is empty: {dataset.GetType().Name} has {dataset.Count} samples, BatchSize is {options.BatchSize} and DropLast is "
                + $"{options.DropLast}, which gives no batch. Give it at least {(options.DropLast ? options.BatchSize : 1)} samples"
                + (options.DropLast && dataset.Count > 0 ? ", or set DropLast to false." : "."),
                nameof(dataset));
        }
    }

    /// <summary>Gets the samples.</summary>
    public Dataset Dataset { get; }

    /// <summary>Gets the order of the samples.</summary>
    public Sampler Sampler { get; }

    /// <summary>Gets the grouping of the samples.</summary>
    public BatchSampler BatchSampler { get; }

    /// <summary>Gets how many samples make a full batch.</summary>
    public int BatchSize => options.BatchSize;

    /// <summary>Gets how many batches one pass gives; at least 1, unless several processes share fewer samples than there are processes.</summary>
    public int Length => BatchSampler.Count;

    /// <summary>Gives where the loader stands: after the last batch that it gave, or, between passes, before the next one.</summary>
    /// <returns>A few numbers, and the state of the sampler's generator if it has one. Its tensor is fresh.</returns>
    public PthDict SaveState() => (current ?? resumed ?? new(0, null, Sampler.SaveState())).ToPth(Sampler);

    /// <summary>Lets the next enumeration go on where another one stood. No batch that was given before is read again.</summary>
    /// <param name="state">What <see cref="SaveState"/> returned, of a loader over the same data with the same kind of sampler. Borrowed.</param>
    /// <remarks>Another batch size or number of workers is allowed.</remarks>
    /// <exception cref="PthException">The state is not that of such a loader; this one is as it was.</exception>
    public void LoadState(PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        LoaderPosition position = LoaderPosition.FromPth(state, Sampler);
        try
        {
            Sampler.LoadState(position.Sampler);
        }
        catch (ArgumentException exception)
        {
            throw new PthException($"The state of the loader does not fit: {exception.Message}", exception);
        }

        resumed = position.BaseSeed is null ? null : position;
    }

    /// <summary>Begins a pass. The number for its workers is drawn here, not with the first batch, as PyTorch does.</summary>
    /// <returns>The batches.</returns>
    /// <exception cref="SampleException">The dataset or the collating failed, on whatever thread.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed.</exception>
    public IEnumerator<DataBatch> GetEnumerator()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        LoaderPosition begin = resumed ?? new(0, TorchSeed.Draw(), default);
        if (resumed is not null)
        {
            Sampler.LoadState(begin.Sampler);                         // once more: since LoadState, a hook may have told the sampler its epoch
            resumed = null;
        }

        return Pass(begin);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Stops the workers of passes that nobody ended, and frees what they have read. The loader gives no batch any more.</summary>
    /// <remarks>
    /// Any thread may call it: a pass in progress on another one ends with an <see cref="ObjectDisposedException"/>, with workers or without, at the latest before the
    /// sample after the one that is being read.
    /// </remarks>
    public void Dispose()
    {
        IBatchSource[] sources;
        lock (running)
        {
            isDisposed = true;
            sources = [.. running.Select(static one => one.TryGetTarget(out IBatchSource? source) ? source : null).OfType<IBatchSource>()];
            running.Clear();
        }

        Array.ForEach(sources, static source => source.Stop());
    }

    private IEnumerator<DataBatch> Pass(LoaderPosition begin)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        Queue<IndexBatch> asked = [];
        using IBatchSource source = Start(begin.BaseSeed!.Value);
        try
        {
            using IEnumerator<IndexBatch> batches = BatchSampler.Draw(begin.Batches).GetEnumerator();
            while (true)
            {
                while (asked.Count <= source.Ahead && batches.MoveNext())
                {
                    source.Ask(batches.Current);
                    asked.Enqueue(batches.Current);
                }

                if (!asked.TryDequeue(out IndexBatch? next))
                {
                    yield break;
                }

                ObjectDisposedException.ThrowIf(isDisposed, this);
                DataBatch batch = source.Take();
                current = begin with { Batches = next.Number + 1, Sampler = next.After };
                yield return batch;
            }
        }
        finally
        {
            current = null;
            lock (running)
            {
                running.RemoveAll(one => !one.TryGetTarget(out IBatchSource? other) || other == source);
            }
        }
    }

    private IBatchSource Start(long baseSeed)
    {
        lock (running)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            IBatchSource source = options.NumWorkers == 0
                ? new DirectSource(fetcher, baseSeed)
                : new BatchWorkers(fetcher, baseSeed, options.NumWorkers, options.PrefetchFactor);
            running.Add(new(source));
            return source;
        }
    }
}
