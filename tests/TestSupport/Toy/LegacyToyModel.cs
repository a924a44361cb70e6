using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

/// <summary>The seed's MMCVToyModel: it sums the losses over the batch.</summary>
public sealed class LegacyToyModel : nn.Module, ITrainStep
{
    private readonly Linear linear = nn.Linear(1, 1);

    public LegacyToyModel()
        : base(nameof(LegacyToyModel))
    {
        RegisterComponents();
        ToyWeights.SetStart(linear);
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        ToyBatch batch = (ToyBatch)data;
        Tensor feat = linear.forward(batch.Img);
        Tensor loss1 = (feat - batch.Label).pow(2);
        Tensor loss2 = (feat - batch.Label).abs();
        return new()
        {
            Loss = (loss1 + loss2).sum(),
            NumSamples = (int)batch.Img.shape[0],
            LogVars = new LogVars { ["loss1"] = loss1.sum(), ["loss2"] = loss2.sum() },
        };
    }
}
