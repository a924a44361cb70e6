using Compat.Torch.Distributed;

namespace Compat.Engine.Data;

/// <summary>What a runner knows when it builds its loaders.</summary>
/// <param name="Seed">The seed of the run; <see langword="null"/> if it has none.</param>
/// <param name="Rank">Which of the training processes this is.</param>
public sealed record DataloaderContext(long? Seed, ProcessRank Rank);
