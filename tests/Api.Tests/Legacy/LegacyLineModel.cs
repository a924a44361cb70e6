using Compat.Api.Tests.Support;
using Compat.Legacy;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Legacy;

/// <summary>The line as an old model.</summary>
internal sealed class LegacyLineModel : nn.Module, ITrainStep<PointBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public LegacyLineModel()
        : base(nameof(LegacyLineModel))
    {
        RegisterComponents();
        nn.init.zeros_(linear.weight);
        nn.init.zeros_(linear.bias!);
    }

    public float Weight => linear.weight.item<float>();

    public StepOutputs TrainStep(PointBatch batch, OptimizerSet? optimizer)
    {
        Tensor loss = (linear.forward(batch.X) - batch.Y).pow(2).mean();
        return new() { Loss = loss, NumSamples = (int)batch.X.shape[0], LogVars = new LogVars { ["loss"] = loss } };
    }
}
