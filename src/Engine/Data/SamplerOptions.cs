using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>Which sampler to build. One record per sampler; one of your own derives from this.</summary>
public abstract record SamplerOptions
{
    /// <summary>Builds the sampler.</summary>
    /// <param name="dataset">The samples. Borrowed.</param>
    /// <param name="context">Seed and rank of the run.</param>
    /// <returns>The sampler.</returns>
    public abstract Sampler Build(Dataset dataset, DataloaderContext context);
}
