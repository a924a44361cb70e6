using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Support;

/// <summary>A model without weights whose validation steps return what it was made with, going round.</summary>
internal sealed class ValModel(params Func<ValOutputs?>[] outputs) : BaseModel<ToyBatch>
{
    private int steps;

    public override ValOutputs ValStep(DataBatch data) => outputs[steps++ % outputs.Length]()!;

    public override ValOutputs TestStep(DataBatch data) => ValStep(data);

    protected override LossDict Loss(ToyBatch batch) => [];
}
