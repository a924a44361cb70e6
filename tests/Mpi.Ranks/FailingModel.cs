using Compat.Engine.Model;
using Compat.TestSupport.Toy;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>Trains one iteration; then it throws, if it is told to.</summary>
internal sealed class FailingModel : BaseModel<ToyBatch>
{
    private readonly Linear linear = nn.Linear(1, 1);
    private readonly bool fails;
    private int steps;

    public FailingModel(bool fails)
    {
        this.fails = fails;
        RegisterComponents();
    }

    protected override LossDict Loss(ToyBatch batch) =>
        fails && steps++ > 0 ? throw new FormatException("This rank cannot go on.") : new LossDict { ["loss"] = linear.forward(batch.Img).sum() };
}
