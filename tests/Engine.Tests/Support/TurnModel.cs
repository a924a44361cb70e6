using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>Two weights, <c>left</c> and <c>right</c>, that start at 1; their product shall be 3. Each has its turn in an iteration, and gradients of the other's.</summary>
internal sealed class TurnModel : BaseModel<ToyBatch>
{
    private readonly Linear left = nn.Linear(1, 1, hasBias: false);
    private readonly Linear right = nn.Linear(1, 1, hasBias: false);
    private int iteration;

    public TurnModel()
    {
        RegisterComponents();
        nn.init.ones_(left.weight);
        nn.init.ones_(right.weight);
    }

    public Parameter Left => left.weight;

    public Parameter Right => right.weight;

    /// <summary>Gets what is done to the loss of a turn.</summary>
    public Func<int, string, Tensor, Tensor> Injected { get; init; } = static (_, _, loss) => loss;

    public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
    {
        LogVars outputs = [];
        foreach (string name in new[] { "left", "right" })
        {
            Tensor loss = Injected(iteration, name, (left.forward(right.forward(((ToyBatch)data).Img)) - 3).pow(2).mean());
            optimWrapper[name].UpdateParams(loss);
            outputs[$"loss_{name}"] = loss;
        }

        iteration++;
        return outputs;
    }

    public (float Left, float Right) Weights() => (left.weight.item<float>(), right.weight.item<float>());
}
