using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>Samples that differ: the index, scaled, and its square.</summary>
internal sealed class RampDataset(int count) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index]
    {
        get
        {
            float value = (float)index / count;
            return new ToyBatch(tensor([value]), tensor([value * value]));
        }
    }
}
