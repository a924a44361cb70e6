using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Support;

/// <summary>Points of the line y = 2x + 1.</summary>
internal sealed class LineDataset(int count = 8) : Dataset
{
    public override int Count => count;

    public override DataBatch this[int index]
    {
        get
        {
            float x = (float)index / count;
            return new PointBatch(tensor([x]), tensor([(2 * x) + 1]));
        }
    }

    public static BatchLoader Loader(int count = 8) => new(new LineDataset(count), new BatchLoaderOptions { BatchSize = 2 });
}
