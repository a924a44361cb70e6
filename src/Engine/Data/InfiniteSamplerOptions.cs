using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>Settings of <see cref="InfiniteSampler"/>: the samples again and again without an end.</summary>
public sealed record InfiniteSamplerOptions : SamplerOptions
{
    /// <summary>Gets whether each round has its own random order.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool Shuffle { get; init; } = true;

    /// <inheritdoc/>
    public override Sampler Build(Dataset dataset, DataloaderContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new InfiniteSampler(dataset, Shuffle, context.Seed, context.Rank);
    }
}
