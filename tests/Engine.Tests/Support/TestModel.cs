using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>One weight that starts at 1; the loss is its distance from the label, and may be replaced iteration by iteration.</summary>
internal sealed class TestModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1, hasBias: false);

    public TestModel(BaseDataPreprocessor? preprocessor = null)
        : base(preprocessor)
    {
        RegisterComponents();
        nn.init.ones_(linear.weight);
    }

    public Parameter Weight => linear.weight;

    /// <summary>Gets what the model was asked for, in order, and whether it was in training mode.</summary>
    public List<(string What, bool Training)> Calls { get; } = [];

    public Func<int, Tensor, LossDict> Losses { get; init; } = static (_, loss) => new LossDict { ["loss_fit"] = loss };

    public Action OnStep { get; init; } = static () => { };

    protected override LossDict Loss(ToyBatch batch)
    {
        OnStep();
        int iteration = Calls.Count(call => call.What == "loss");
        Calls.Add(("loss", training));
        return Losses(iteration, (linear.forward(batch.Img) - batch.Label).pow(2).mean());
    }

    protected override DataBatch Predict(ToyBatch batch)
    {
        OnStep();
        Calls.Add(("predict", training));
        return new ScoreBatch(linear.forward(batch.Img));
    }

    protected override Tensor ForwardTensor(ToyBatch batch) => linear.forward(batch.Img);
}
