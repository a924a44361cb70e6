using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>The model of <c>engine_loops.json</c>: a training step adds 1 to the only weight, and does nothing else.</summary>
internal class CountingModel : BaseModel
{
    private readonly Parameter weight = new(zeros(1));

    public CountingModel() => RegisterComponents();

    public float Steps => weight.item<float>();

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        using IDisposable guard = no_grad();
        weight.add_(1);
        return [];
    }

    public override DataBatch Predict(DataBatch data) => new ScoreBatch(zeros(data.Tensors[0].shape[0]));
}
