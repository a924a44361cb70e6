using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>Which loader to build. A loader that exists already is one, too.</summary>
public abstract record DataloaderOptions
{
    /// <summary>Takes a loader that exists already. Null stays null, so that <c>ValDataloader = validates ? loader : null</c> means no validation.</summary>
    /// <param name="loader">The loader.</param>
    [return: NotNullIfNotNull(nameof(loader))]
    public static implicit operator DataloaderOptions?(BatchLoader? loader) => loader is null ? null : new BuiltDataloader(loader);

    /// <summary>Takes a loader that exists already.</summary>
    /// <param name="loader">The loader.</param>
    /// <returns>The options.</returns>
    public static DataloaderOptions FromBatchLoader(BatchLoader loader) => new BuiltDataloader(loader);

    /// <summary>Builds the loader.</summary>
    /// <param name="context">Seed and rank of the run.</param>
    /// <returns>The loader. The runner disposes it, unless it existed already.</returns>
    public abstract BatchLoader Build(DataloaderContext context);
}
