using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>A model of the engine with two parts, each of which is trained in its turn by its own wrapper.</summary>
public sealed class PairModel : BaseModel<ToyBatch>
{
    private readonly Linear first = nn.Linear(1, 1);
    private readonly Linear second = nn.Linear(1, 1);

    public PairModel()
    {
        RegisterComponents();
        foreach (Parameter parameter in this.parameters())
        {
            nn.init.constant_(parameter, 0.5);
        }
    }

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        LogVars outputs = [];
        foreach ((string name, BaseOptimWrapper wrapper) in optimWrapper.Members)
        {
            Tensor loss = (second.forward(first.forward(((ToyBatch)data).Img)) - 3).pow(2).mean();
            wrapper.UpdateParams(loss);
            outputs[$"loss_{name}"] = loss;
        }

        return outputs;
    }
}
