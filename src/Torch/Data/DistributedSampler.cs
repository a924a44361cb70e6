using Compat.Torch.Distributed;
using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Gives each of several processes its share of the samples, as MMCV's programs do it: equally many for all.</summary>
/// <remarks>
/// The order is <c>torch.randperm(count)</c> of a fresh generator with seed <c>seed + epoch</c>. The process of rank r of w visits places r, r + w, r + 2w, … of it.
/// <see cref="DefaultSampler"/> is MMEngine's, which can leave shares uneven instead. Source: PyTorch <c>DistributedSampler</c>.
/// </remarks>
public sealed class DistributedSampler : Sampler
{
    private readonly int total;
    private readonly ProcessRank process;
    private readonly bool shuffle;
    private long seed;
    private int epoch;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit.</param>
    /// <param name="process">Which process this is.</param>
    /// <param name="shuffle">Whether each epoch that <see cref="SetEpoch"/> names has its own random order. The default is <see langword="true"/>.</param>
    /// <param name="seed">The seed of the orders, the same in all processes. The default is 0.</param>
    /// <param name="dropLast">
    /// Whether samples that do not go round are left out. The default is <see langword="false"/>: samples are repeated from the beginning until all processes have
    /// equally many.
    /// </param>
    public DistributedSampler(Dataset dataset, ProcessRank process, bool shuffle = true, long seed = 0, bool dropLast = false)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchEnvironment.EnsureLoaded();
        total = dataset.Count;
        this.process = process;
        this.shuffle = shuffle;
        this.seed = seed;
        Count = (total + (dropLast ? 0 : process.WorldSize - 1)) / process.WorldSize;
    }

    /// <inheritdoc/>
    public override int Count { get; }

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
        int[] order = shuffle ? Shuffled() : [.. Enumerable.Range(0, total)];
        return Enumerable.Range(0, Count).Select(i => order[(process.Rank + (i * process.WorldSize)) % total]);
    }

    private int[] Shuffled()
    {
        using Generator generator = new();
        generator.manual_seed(seed + epoch);
        return Permutation.Draw(total, generator);
    }
}
