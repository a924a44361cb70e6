using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Visits samples in a random order, each once or with replacement.</summary>
/// <remarks>
/// Every pass draws a seed from torch's generator and its order from a fresh generator of that seed, so equal seeds of the program give the orders of
/// PyTorch. Source: PyTorch <c>RandomSampler</c>.
/// </remarks>
public sealed class RandomSampler : Sampler
{
    private const int DrawnAtOnce = 32;

    private readonly int available;
    private readonly bool replacement;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit, at least one.</param>
    /// <param name="replacement">Whether a sample may come several times. The default is <see langword="false"/>.</param>
    /// <param name="numSamples">How many samples one pass gives; <see langword="null"/>, the default, for as many as there are.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample, or <paramref name="numSamples"/> is below 1.</exception>
    public RandomSampler(Dataset dataset, bool replacement = false, int? numSamples = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfLessThan(dataset.Count, 1, nameof(dataset));
        ArgumentOutOfRangeException.ThrowIfLessThan(numSamples ?? 1, 1, nameof(numSamples));
        TorchEnvironment.EnsureLoaded();
        available = dataset.Count;
        this.replacement = replacement;
        Count = numSamples ?? available;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerator<int> GetEnumerator()
    {
        using Generator generator = new();
        generator.manual_seed(DrawSeed());
        int drawn = replacement ? DrawnAtOnce : available;
        for (int left = Count; left > 0; left -= drawn)
        {
            // As PyTorch: the last draw with replacement takes only what is left, a permutation is drawn whole and cut.
            foreach (int index in Draw(generator, replacement ? Math.Min(left, drawn) : drawn).Take(left))
            {
                yield return index;
            }
        }
    }

    // As torch.empty((), dtype=torch.int64).random_() in Python: 63 bits of one draw of 64. TorchSharp's random_() cannot express that range.
    private static long DrawSeed()
    {
        using DisposeScope scope = NewDisposeScope();
        ulong bits = (ulong)randint(long.MinValue, long.MaxValue, [1], ScalarType.Int64).item<long>() - (1UL << 63);
        return (long)(bits & long.MaxValue);
    }

    private int[] Draw(Generator generator, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor order = replacement ? randint(available, [count], ScalarType.Int64, generator: generator) : randperm(available, generator: generator);
        return Array.ConvertAll(order.data<long>().ToArray(), index => (int)index);
    }
}
