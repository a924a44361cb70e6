using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The seed's new model with its prediction: one sample for each of the batch.</summary>
internal sealed class PredictingToyModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);

    public PredictingToyModel()
    {
        RegisterComponents();
        nn.init.constant_(linear.weight, 0.3);
        nn.init.constant_(linear.bias!, -0.2);
    }

    protected override LossDict Loss(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        return new() { ["loss"] = (feat - batch.Label).pow(2).sum() };
    }

    protected override DataBatch Predict(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        return new SampleList<ToyPrediction>([.. feat.unbind(0).Select(row => new ToyPrediction(row))]);
    }
}
