using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>Samples that all differ: i/8 and its label 1 - i/4.</summary>
public sealed class RampDataset(int count) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index] => new ToyBatch(full(1, index / 8f), full(1, 1 - (index / 4f)));
}
