using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>Settings of <see cref="DefaultSampler"/>: every sample once in an epoch.</summary>
public sealed record DefaultSamplerOptions : SamplerOptions
{
    /// <summary>Gets whether each epoch has its own random order.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Shuffle { get; init; } = true;

    /// <summary>Gets whether the order is repeated from its beginning until all processes have equally many samples.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool RoundUp { get; init; } = true;

    /// <inheritdoc/>
    public override Sampler Build(Dataset dataset, DataloaderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new DefaultSampler(dataset, Shuffle, context.Seed, RoundUp, context.Rank);
    }
}
