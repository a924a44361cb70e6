using Compat.Engine.Model;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

/// <summary>The seed's MMEngineToyModel. As printed it lets the engine average the losses; the faithful port sums them itself.</summary>
public sealed class EngineToyModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);
    private readonly bool sums;

    public EngineToyModel(bool sums)
    {
        this.sums = sums;
        RegisterComponents();
        ToyWeights.SetStart(linear);
    }

    protected override LossDict Loss(ToyBatch batch)
    {
        Tensor feat = linear.forward(batch.Img);
        Tensor loss1 = (feat - batch.Label).pow(2);
        Tensor loss2 = (feat - batch.Label).abs();
        return sums
            ? new LossDict { ["loss1"] = loss1.sum(), ["loss2"] = loss2.sum() }
            : new LossDict { ["loss1"] = loss1, ["loss2"] = loss2 };
    }
}
