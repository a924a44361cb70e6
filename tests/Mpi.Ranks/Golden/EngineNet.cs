using Compat.Engine.Model;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A golden net as a model of the engine.</summary>
internal sealed class EngineNet(GoldenNet net) : ModuleView(net)
{
    public override LossDict Loss(DataBatch data)
    {
        GoldenBatch batch = (GoldenBatch)data;
        (Tensor loss, string name, Tensor value) = net.Measure(batch.X, batch.Y);
        return new LossDict { ["loss_main"] = loss, [name] = value };
    }

    public override DataBatch Predict(DataBatch data)
    {
        GoldenBatch batch = (GoldenBatch)data;
        return new GoldenBatch(net.MeasureEach(batch.X, batch.Y), batch.Y);
    }
}
