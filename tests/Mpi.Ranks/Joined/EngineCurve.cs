using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The curve as a model of the engine.</summary>
internal sealed class EngineCurve(CurveNet net) : ModuleView(net)
{
    public override LossDict Loss(DataBatch data) => new() { ["loss"] = net.Loss((ToyBatch)data) };

    public override DataBatch Predict(DataBatch data) => (ToyBatch)data with { Label = net.Guess((ToyBatch)data) };
}
