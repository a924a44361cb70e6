using Compat.Torch.Data;

namespace Compat.Engine.Data;

/// <summary>The first samples of a dataset.</summary>
/// <remarks>Source: MMEngine <c>_SlicedDataset</c>.</remarks>
/// <param name="dataset">The dataset. Borrowed.</param>
/// <param name="count">How many of its samples there are.</param>
internal sealed class FirstSamples(Dataset dataset, int count) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index] => dataset[index];
}
