using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Visits every sample once, shuffled anew in each epoch or in order.</summary>
/// <remarks>
/// The order is <c>torch.randperm(count)</c> of a fresh generator with seed <c>seed + epoch</c>, so equal seeds give the order of PyTorch. An epoch
/// repeats the order of the one before unless <see cref="SetEpoch"/> is called. Source: MMEngine <c>DefaultSampler</c>.
/// </remarks>
public sealed class DefaultSampler : Sampler
{
    private readonly int count;
    private readonly bool shuffle;
    private readonly long seed;
    private int epoch;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit.</param>
    /// <param name="shuffle">Whether each epoch has its own random order. The default is <see langword="true"/>.</param>
    /// <param name="seed">The seed of the orders; <see langword="null"/>, the default, draws one from torch's generator.</param>
    public DefaultSampler(Dataset dataset, bool shuffle = true, long? seed = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        TorchEnvironment.EnsureLoaded();
        count = dataset.Count;
        this.shuffle = shuffle;
        this.seed = seed ?? DrawSeed();
    }

    /// <inheritdoc/>
    public override int Count => count;

    /// <inheritdoc/>
    public override void SetEpoch(int epoch) => this.epoch = epoch;

    /// <inheritdoc/>
    public override IEnumerator<int> GetEnumerator() =>
        (shuffle ? Shuffled() : Enumerable.Range(0, count)).GetEnumerator();

    private static long DrawSeed()
    {
        using DisposeScope scope = NewDisposeScope();
        return randint(int.MaxValue, 1).item<long>();
    }

    private int[] Shuffled()
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new();
        generator.manual_seed(seed + epoch);
        return Array.ConvertAll(randperm(count, generator: generator).data<long>().ToArray(), index => (int)index);
    }
}
