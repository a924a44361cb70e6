using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Visits the samples again and again without an end, for loops that count iterations.</summary>
/// <remarks>
/// One generator serves for life: enumerating anew goes on where the last enumeration stopped, and <see cref="Sampler.SetEpoch"/> changes nothing. The count is that
/// of the dataset. Source: MMEngine <c>InfiniteSampler</c>.
/// </remarks>
public sealed class InfiniteSampler : Sampler, IDisposable
{
    private readonly Generator generator;
    private readonly bool shuffle;
    private readonly IEnumerator<int> indices;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit, at least one.</param>
    /// <param name="shuffle">Whether each pass has its own random order. The default is <see langword="true"/>.</param>
    /// <param name="seed">The seed of the orders. The default is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    public InfiniteSampler(Dataset dataset, bool shuffle = true, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfLessThan(dataset.Count, 1, nameof(dataset));
        TorchEnvironment.EnsureLoaded();
        Count = dataset.Count;
        this.shuffle = shuffle;
        generator = new Generator();
        generator.manual_seed(seed);
        indices = Endless().GetEnumerator();
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerator<int> GetEnumerator()
    {
        while (indices.MoveNext())
        {
            yield return indices.Current;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        indices.Dispose();
        generator.Dispose();
    }

    private IEnumerable<int> Endless()
    {
        while (true)
        {
            foreach (int index in shuffle ? Shuffled() : Enumerable.Range(0, Count))
            {
                yield return index;
            }
        }
    }

    private int[] Shuffled()
    {
        using DisposeScope scope = NewDisposeScope();
        return Array.ConvertAll(randperm(Count, generator: generator).data<long>().ToArray(), index => (int)index);
    }
}
