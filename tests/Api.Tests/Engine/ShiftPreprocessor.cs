using Compat.Api.Tests.Support;
using Compat.Engine.Model;
using Compat.Torch;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own preprocessor, with a tensor that moves with the model and is freed with it.</summary>
internal sealed class ShiftPreprocessor(float shift) : BaseDataPreprocessor
{
    private readonly StateTensor mean = new(tensor([shift]));

    public override void To(Device device)
    {
        base.To(device);
        mean.To(device);
    }

    public override DataBatch Process(DataBatch data, bool training)
    {
        PointBatch points = (PointBatch)base.Process(data, training);
        return points with { X = points.X - mean.Value };
    }

    protected override void Dispose(bool disposing)
    {
        mean.Dispose();
        base.Dispose(disposing);
    }
}
