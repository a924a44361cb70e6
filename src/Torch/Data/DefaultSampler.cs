using Compat.Torch.Distributed;
using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Visits every sample once, shuffled anew in each epoch or in order; of several processes each visits its share.</summary>
/// <remarks>
/// The order is <c>torch.randperm(count)</c> of a fresh generator with seed <c>seed + epoch</c>, so equal seeds give the order of PyTorch. An epoch
/// repeats the order of the one before unless <see cref="SetEpoch"/> is called. The process of rank r of w visits places r, r + w, r + 2w, … of the order,
/// as with PyTorch's <c>DistributedSampler</c>. Source: MMEngine <c>DefaultSampler</c>.
/// </remarks>
public sealed class DefaultSampler : Sampler
{
    private readonly int total;
    private readonly ProcessRank process;
    private long seed;
    private int epoch;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit.</param>
    /// <param name="shuffle">Whether each epoch has its own random order. The default is <see langword="true"/>.</param>
    /// <param name="seed">The seed of the orders; <see langword="null"/>, the default, draws one from torch's generator.</param>
    /// <param name="roundUp">
    /// Whether the order is repeated from its beginning until all processes have equally many samples. The default is <see langword="true"/>; otherwise some
    /// processes have one sample less.
    /// </param>
    /// <param name="process">Which process this is. The default is the only one.</param>
    /// <exception cref="ArgumentException">There are several processes and no seed, so each would shuffle in its own way.</exception>
    public DefaultSampler(Dataset dataset, bool shuffle = true, long? seed = null, bool roundUp = true, ProcessRank process = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchEnvironment.EnsureLoaded();
        total = dataset.Count;
        IsShuffled = shuffle;
        this.process = process;
        this.seed = seed ?? SamplerSeed.Draw(process, shuffle);
        int lastRank = roundUp ? 0 : process.Rank;
        Count = Math.Max((total - lastRank + process.WorldSize - 1) / process.WorldSize, 0);
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <summary>Gets whether each epoch that <see cref="SetEpoch"/> names has its own random order.</summary>
    public bool IsShuffled { get; }

    /// <summary>Gets whether other processes visit other samples; then this one may have none.</summary>
    internal bool IsShared => process.WorldSize > 1;

    /// <inheritdoc/>
    public override void SetEpoch(int epoch) => this.epoch = epoch;

    /// <inheritdoc/>
    public override SamplerState SaveState() => base.SaveState() with { Epoch = epoch, Seed = seed };

    /// <inheritdoc/>
    public override void LoadState(SamplerState state)
    {
        base.LoadState(state);
        epoch = state.Epoch;
        seed = state.Seed ?? seed;
    }

    /// <inheritdoc/>
    protected override IEnumerable<int> Order()
    {
        int[] order = IsShuffled ? Shuffled() : [.. Enumerable.Range(0, total)];
        return process.WorldSize == 1 ? order : Enumerable.Range(0, Count).Select(i => order[(process.Rank + (i * process.WorldSize)) % total]);
    }

    private int[] Shuffled()
    {
        using Generator generator = new();
        generator.manual_seed(seed + epoch);
        return Permutation.Draw(total, generator);
    }
}
