using Compat.Torch.Distributed;
using Compat.Torch.Randomness;

namespace Compat.Torch.Data;

/// <summary>The seed of a sampler that was given none.</summary>
internal static class SamplerSeed
{
    /// <summary>Draws 31 bits from torch's generator, as many as MMEngine draws.</summary>
    public static long Draw(ProcessRank process, bool isShuffled) => process.WorldSize == 1 || !isShuffled
        ? TorchSeed.Draw() & int.MaxValue
        : throw new ArgumentException(
            $"There are {process.WorldSize} processes and no seed, so each would shuffle in its own way and samples would be missed. Give all of them the "
            + "same seed.");
}
