using Compat.Legacy;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The curve as a model of the old trainer, which leaves the update to a hook or makes it itself.</summary>
internal sealed class LegacyCurve : nn.Module, ITrainStep
{
    private readonly CurveNet net;
    private readonly bool steps;

    public LegacyCurve(CurveNet net, bool steps)
        : base(string.Empty)
    {
        this.net = net;
        this.steps = steps;
        RegisterComponents();
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        Tensor loss = net.Loss((ToyBatch)data);
        if (steps)
        {
            optimizer!.Single.zero_grad();
            loss.backward();
            optimizer.Single.step();
        }

        return new() { Loss = steps ? null : loss, LogVars = new LogVars { ["loss"] = loss }, NumSamples = (int)((ToyBatch)data).Img.shape[0] };
    }
}
