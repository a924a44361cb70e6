using System.Collections;
using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Reads a dataset batch by batch, on the thread that enumerates it.</summary>
/// <remarks>
/// A batch leaves the loader without a dispose scope: the training loops take it into the iteration's scope; whoever enumerates by hand disposes
/// it.
/// </remarks>
public sealed class BatchLoader : IEnumerable<DataBatch>
{
    private readonly Collate collate;

    /// <summary>Makes a loader.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="options">Batch size, order and collating; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The loader would give no batch at all.</exception>
    public BatchLoader(Dataset dataset, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchEnvironment.EnsureLoaded();
        options ??= new();
        Dataset = dataset;
        Sampler = options.Sampler ?? new DefaultSampler(dataset, shuffle: false);
        BatchSampler = new BatchSampler(Sampler, options.BatchSize, options.DropLast);
        BatchSize = options.BatchSize;
        collate = options.Collate;
        if (Length == 0)
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
    public int BatchSize { get; }

    /// <summary>Gets how many batches one pass gives; at least 1.</summary>
    public int Length => BatchSampler.Count;

    /// <inheritdoc/>
    public IEnumerator<DataBatch> GetEnumerator() => BatchSampler.Select(Fetch).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private DataBatch Fetch(IReadOnlyList<int> indices)
    {
        using DisposeScope scope = NewDisposeScope();
        DataBatch batch = collate([.. indices.Select(index => Dataset[index])]);
        batch.Indices = indices;
        scope.Detach(batch.Tensors);
        return batch;
    }
}
