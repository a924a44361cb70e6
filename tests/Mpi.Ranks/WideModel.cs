using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>A model of any width.</summary>
internal sealed class WideModel : BaseModel<ToyBatch>
{
    private readonly Linear linear;

    public WideModel(int width)
    {
        linear = nn.Linear(1, width);
        RegisterComponents();
    }

    protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = linear.forward(batch.Img).sum() };
}
