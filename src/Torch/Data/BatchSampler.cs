using System.Collections;

namespace Compat.Torch.Data;

/// <summary>Groups the indices of a sampler into batches.</summary>
/// <param name="sampler">The order of the samples.</param>
/// <param name="batchSize">Samples in a batch, at least 1.</param>
/// <param name="dropLast">Whether a last batch that is not full is left out.</param>
/// <exception cref="ArgumentOutOfRangeException"><paramref name="batchSize"/> is below 1.</exception>
public sealed class BatchSampler(Sampler sampler, int batchSize, bool dropLast) : IEnumerable<IReadOnlyList<int>>
{
    private readonly int batchSize = batchSize >= 1
        ? batchSize
        : throw new ArgumentOutOfRangeException(
            nameof(batchSize), batchSize, $"BatchSize is {batchSize}; it must be at least 1. Use 1 for one sample at a time.");

    /// <summary>Gets the sampler whose indices are grouped.</summary>
    public Sampler Sampler { get; } = sampler;

    /// <summary>Gets how many batches one pass gives.</summary>
    public int Count => dropLast ? Sampler.Count / batchSize : (Sampler.Count + batchSize - 1) / batchSize;

    /// <inheritdoc/>
    public IEnumerator<IReadOnlyList<int>> GetEnumerator() => Draw(0).Select(batch => batch.Indices).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Begins a pass whose batches know where the sampler stood.</summary>
    /// <param name="firstNumber">The number of the first batch.</param>
    internal IEnumerable<IndexBatch> Draw(long firstNumber)
    {
        long number = firstNumber;
        List<int> indices = new(batchSize);
        SamplerState after = default;
        foreach (int index in Sampler)
        {
            indices.Add(index);
            after = Sampler.SaveState();                              // not later: a sampler that has ended stands at its beginning again
            if (indices.Count == batchSize)
            {
                yield return new(number++, indices.ToArray(), after);
                indices.Clear();
            }
        }

        if (indices.Count > 0 && !dropLast)
        {
            yield return new(number, indices.ToArray(), after);
        }
    }
}
