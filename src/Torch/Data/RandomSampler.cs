using Compat.Torch.Native;
using Compat.Torch.Randomness;
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
    private long? seed;
    private long? seedBefore;

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
    public override SamplerState SaveState() => base.SaveState() with { Seed = seed };

    /// <inheritdoc/>
    public override void LoadState(SamplerState state)
    {
        if (state is { Position: > 0, Seed: null })
        {
            throw new ArgumentException(
                $"The state stands at sample {state.Position} of an order whose seed it lacks. Load the state of a RandomSampler.", nameof(state));
        }

        base.LoadState(state);
        seedBefore = state.Seed;
    }

    /// <inheritdoc/>
    protected override IEnumerable<int> Order()
    {
        seed = seedBefore ?? TorchSeed.Draw();
        seedBefore = null;
        try
        {
            using Generator generator = new();
            generator.manual_seed(seed.Value);
            foreach (int index in Draws(generator).SelectMany(draw => draw).Take(Count))
            {
                yield return index;
            }
        }
        finally
        {
            seed = null;
        }
    }

    // As PyTorch: the last draw with replacement takes only what is left, a permutation is drawn whole and cut.
    private IEnumerable<int[]> Draws(Generator generator)
    {
        for (int left = Count; left > 0; left -= replacement ? DrawnAtOnce : available)
        {
            yield return replacement
                ? Permutation.DrawWithReplacement(available, Math.Min(left, DrawnAtOnce), generator)
                : Permutation.Draw(available, generator);
        }
    }
}
