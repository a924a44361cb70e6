using Compat.Engine.Logging;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Evaluation;

/// <summary>Measures predictions: keeps what it needs of each batch, then computes one or several values.</summary>
/// <remarks>
/// <para>Derive from <see cref="BaseMetric{TBatch, TPredictions}"/>, which gives batches and predictions their types. What <see cref="Process"/> keeps with
/// <see cref="Keep"/> or <see cref="KeepOne"/> is a list of items, one per sample. <see cref="Evaluate"/> gathers the items of all processes, puts them in the
/// order of the samples, drops those that only filled up the last batches, computes on process 0 and gives everybody the values.</para>
/// <para>Source: MMEngine <c>BaseMetric</c>, without its warning about a missing prefix: two values of one name are an error anyway.</para>
/// </remarks>
/// <param name="prefix">
/// What the names of the values start with, as <c>prefix/name</c>; <see langword="null"/>, the default, or an empty text for <see cref="DefaultPrefix"/>.
/// </param>
public abstract class BaseMetric(string? prefix = null) : IDisposable
{
    private readonly KeptItems kept = new();
    private bool warned;

    /// <summary>Gets the name that messages show.</summary>
    /// <value>The default is that of the type.</value>
    public virtual string Name => GetType().Name.Split('`')[0];

    /// <summary>Gets what the names of the values start with, before a slash.</summary>
    /// <value>Nothing is put before the names if it is <see langword="null"/> or empty.</value>
    public string? Prefix => string.IsNullOrEmpty(prefix) ? DefaultPrefix : prefix;

    /// <summary>Gets the prefix that is used if none is given.</summary>
    /// <value>The default is none.</value>
    protected virtual string? DefaultPrefix => null;

    /// <summary>Gets whether the metric keeps one item per batch instead of one per sample.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    /// <remarks>
    /// Items are cut to the number of samples in either case, as MMEngine does. Of whole batches that cuts nothing, so samples that several processes repeat to
    /// fill up count twice; a line in the log says so.
    /// </remarks>
    protected virtual bool KeepsOneItemPerBatch => false;

    /// <summary>Takes in one batch.</summary>
    /// <param name="batch">The batch as it came from the loader. Borrowed.</param>
    /// <param name="predictions">What the model predicted for it. Borrowed; what is needed of it is kept with <see cref="Keep"/> or <see cref="KeepOne"/>.</param>
    public abstract void Process(DataBatch batch, DataBatch predictions);

    /// <summary>Computes the values from everything taken in, and forgets it. All processes call it together.</summary>
    /// <param name="size">The number of samples in the dataset, at least 0; items beyond it are padding.</param>
    /// <param name="collectives">The processes that evaluate together; <see langword="null"/>, the default, for this one alone.</param>
    /// <param name="logger">Where warnings go; <see langword="null"/>, the default, for nowhere.</param>
    /// <returns>The values by name, prefix included; the same in every process.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below 0.</exception>
    /// <exception cref="InvalidOperationException">Process 0 could not compute the values. What was taken in is kept.</exception>
    public IReadOnlyDictionary<string, MetricValue> Evaluate(int size, ICollectives? collectives = null, ILogger? logger = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        collectives ??= SingleProcess.Instance;
        logger ??= NullLogger.Instance;
        if (kept.Count == 0)
        {
            EngineLog.Warning(
                logger,
                $"{Name} got empty `self.results`. Please ensure that the processed results are properly added into `self.results` in `process` method.");
        }

        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<IReadOnlyList<Tensor[]>> all = MetricExchange.Gather(collectives, kept.Read(), scope);
        IReadOnlyDictionary<string, MetricValue> values = MetricExchange.ComputeOnFirst(collectives, Name, () =>
        {
            WarnIfItemsDoNotFit(all.Sum(blocks => blocks.Sum(block => block[0].shape[0])), size, collectives.Rank.WorldSize, logger);
            return Named(ComputeMetrics(MetricItems.Interleave(all, size)));
        });
        Reset();
        return values;
    }

    /// <summary>Forgets everything taken in. A metric that has a state of its own overrides it, and calls the base.</summary>
    public virtual void Reset() => kept.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Keeps one item per row: copies, on their device, without waiting for it.</summary>
    /// <param name="columns">At least one tensor; the first dimension is the same in all and counts the samples. Borrowed.</param>
    /// <exception cref="ArgumentException">The tensors do not fit to one another, or to those of earlier batches.</exception>
    protected void Keep(params IReadOnlyList<Tensor> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        kept.Add(Name, columns);
    }

    /// <summary>Keeps one item of tensors of any shapes, for example the boxes and scores of one image: copies, without waiting for the device.</summary>
    /// <param name="tensors">At least one tensor. Borrowed.</param>
    /// <exception cref="ArgumentException">Earlier items had another number of tensors.</exception>
    protected void KeepOne(params IReadOnlyList<Tensor> tensors)
    {
        using DisposeScope scope = NewDisposeScope();
        Keep([.. tensors.Select(one => one.unsqueeze(0))]);
    }

    /// <summary>Computes the values. Called on process 0 only.</summary>
    /// <param name="items">The items of all processes in the order of the samples. Borrowed. There are none if nothing was kept.</param>
    /// <returns>The values by name, without prefix.</returns>
    protected abstract IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items);

    /// <summary>Frees what was taken in.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reset();
        }
    }

    private OrderedDictionary<string, MetricValue> Named(IReadOnlyDictionary<string, MetricValue> values) =>
        new(values.Select(entry => KeyValuePair.Create(string.IsNullOrEmpty(Prefix) ? entry.Key : $"{Prefix}/{entry.Key}", entry.Value)));

    // A sampler repeats at most one sample less than there are processes, so that every process gets as many.
    private void WarnIfItemsDoNotFit(long count, int size, int processes, ILogger logger)
    {
        if (count > size + (long)processes - 1)
        {
            WarnOnce(
                logger,
                $"{Name} kept {count} items for {size} samples; the last {count - size} are left out. Keep one item per sample: with KeepOne, all that belongs to "
                + "one sample is one item.");
        }
        else if (KeepsOneItemPerBatch && size % processes != 0)
        {
            WarnOnce(
                logger,
                $"{Name} keeps one item per batch, and {processes} processes do not share {size} samples evenly: samples that a sampler repeats to fill up count "
                + "twice. Keep one item per sample, or make the DefaultSampler with roundUp: false.");
        }
    }

    private void WarnOnce(ILogger logger, string text)
    {
        if (!warned)
        {
            warned = true;
            CompatEvents.Write(logger, LogLevel.Warning, CompatEvents.MetricItems, text);
        }
    }
}
