using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

/// <summary>The seed's data: fifty times the pair (1, 1).</summary>
public sealed class ToyDataset(int count = 50) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index] => new ToyBatch(ones(1), ones(1));

    public static BatchLoader Loader(int count = 50) => new(new ToyDataset(count), new BatchLoaderOptions { BatchSize = 2 });
}
