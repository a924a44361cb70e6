using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>A loader that the runner builds when it knows its seed and its rank, so that each process gets its share of the samples.</summary>
/// <remarks>Source: MMEngine <c>Runner.build_dataloader</c>.</remarks>
public sealed record DatasetLoaderOptions : DataloaderOptions
{
    /// <summary>Gets the samples. Borrowed.</summary>
    public required Dataset Dataset { get; init; }

    /// <summary>Gets the order of the samples.</summary>
    /// <value>MMEngine has no default here; usual are <see cref="DefaultSamplerOptions"/> and, for loops that count iterations, <see cref="InfiniteSamplerOptions"/>.</value>
    public required SamplerOptions Sampler { get; init; }

    /// <summary>Gets batch size, collating and workers. Its own sampler must be left out.</summary>
    /// <value>The default is that of <see cref="BatchLoader"/>: batches of 1.</value>
    public BatchLoaderOptions Loader { get; init; } = new();

    /// <summary>Gets how many batches each process reads in a pass, to try something out quickly: the first samples that they take are used, the others never.</summary>
    /// <value>At least 1. The default is <see langword="null"/>: all samples are used. Source: MMEngine's <c>num_batch_per_epoch</c>.</value>
    public int? NumBatchPerEpoch { get; init; }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The order of the samples is given twice, or there are fewer samples than <see cref="NumBatchPerEpoch"/> takes.</exception>
    public override BatchLoader Build(DataloaderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Loader.Sampler is not null)
        {
            throw new ArgumentException(
                $"The order of the samples is given twice: Sampler is {Sampler.GetType().Name}, Loader.Sampler is a {Loader.Sampler.GetType().Name}. "
                + "Leave Loader.Sampler out.");
        }

        Dataset samples = NumBatchPerEpoch is { } batches ? First(batches, context.Rank.WorldSize) : Dataset;
        return new BatchLoader(samples, Loader with { Sampler = Sampler.Build(samples, context) });
    }

    private FirstSamples First(int batches, int processes)
    {
        long count = (long)batches * Loader.BatchSize * processes;
        return batches >= 1 && count <= Dataset.Count
            ? new FirstSamples(Dataset, (int)count)
            : throw new ArgumentException(
                $"NumBatchPerEpoch is {batches}, which takes {count} samples in {processes} process(es) with batches of {Loader.BatchSize}; it must be at least 1, and the "
                + $"dataset has {Dataset.Count}. Use fewer batches, or leave it out to use all samples.");
    }
}
