using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Abandoned.Loaders;

/// <summary>Samples over which libtorch computes for a while.</summary>
internal sealed class BusyDataset : Dataset
{
    public override int Count => 100_000;

    public override DataBatch this[int index]
    {
        get
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor values = ones(120, 120);
            for (int i = 0; i < 20; i++)
            {
                values = values.mm(values).div_(120);
            }

            return new BusyBatch(values.MoveToOuterDisposeScope());
        }
    }
}
