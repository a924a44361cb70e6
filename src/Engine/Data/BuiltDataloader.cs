using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>A loader that exists already. Whoever made it disposes it.</summary>
/// <param name="Loader">The loader. Borrowed.</param>
public sealed record BuiltDataloader(BatchLoader Loader) : DataloaderOptions
{
    /// <inheritdoc/>
    public override BatchLoader Build(DataloaderContext context) => Loader;
}
