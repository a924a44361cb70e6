namespace Compat.Torch.Data;

/// <summary>Visits every sample once, in order.</summary>
/// <remarks>Source: PyTorch <c>SequentialSampler</c>.</remarks>
/// <param name="dataset">The samples to visit.</param>
public sealed class SequentialSampler(Dataset dataset) : Sampler
{
    /// <inheritdoc/>
    public override int Count => dataset.Count;

    /// <inheritdoc/>
    protected override IEnumerable<int> Order() => Enumerable.Range(0, Count);
}
