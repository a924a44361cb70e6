using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>A model whose training and validation draw random numbers.</summary>
internal sealed class NoisyModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 8);
    private readonly Dropout dropout = nn.Dropout(0.4);
    private readonly Linear last = nn.Linear(8, 1);

    public NoisyModel()
    {
        RegisterComponents();
        foreach (Parameter parameter in this.parameters())
        {
            nn.init.constant_(parameter, 0.25);
        }
    }

    protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = (ForwardTensor(batch) - batch.Label).pow(2).mean() };

    protected override DataBatch Predict(ToyBatch batch) => new ScoreBatch(ForwardTensor(batch) + rand(1));

    protected override Tensor ForwardTensor(ToyBatch batch) => last.forward(dropout.forward(linear.forward(batch.Img).tanh()));
}
