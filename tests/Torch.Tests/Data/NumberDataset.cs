using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

/// <summary>Sample i is the pair (i, 10 i).</summary>
internal sealed class NumberDataset(int count) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index] => new PairBatch(tensor((float)index), tensor(10f * index));
}
