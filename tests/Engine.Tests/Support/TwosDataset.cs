using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>The pair (2, 1): a weight of 1 does not fit it, so that training moves the weight.</summary>
internal sealed class TwosDataset(int count = 2) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index] => new ToyBatch(ones(1) * 2, ones(1));
}
