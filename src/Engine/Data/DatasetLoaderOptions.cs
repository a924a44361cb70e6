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

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The order of the samples is given twice.</exception>
    public override BatchLoader Build(DataloaderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Loader.Sampler is null
            ? new BatchLoader(Dataset, Loader with { Sampler = Sampler.Build(Dataset, context) })
            : throw new ArgumentException(
                $"The order of the samples is given twice: Sampler is {Sampler.GetType().Name}, Loader.Sampler is a {Loader.Sampler.GetType().Name}. "
                + "Leave Loader.Sampler out.");
    }
}
