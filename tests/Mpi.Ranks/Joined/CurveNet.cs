using Compat.TestSupport.Toy;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Two layers that learn a curve, and a spare one that takes part only where a sample of the batch asks for it.</summary>
internal sealed class CurveNet : nn.Module
{
    private readonly Linear hidden = nn.Linear(3, 8);
    private readonly Linear last = nn.Linear(8, 1);
    private readonly Linear spare = nn.Linear(1, 1);

    public CurveNet(SpareUse use)
        : base(string.Empty)
    {
        RegisterComponents();
        foreach (Parameter parameter in spare.parameters())
        {
            parameter.requires_grad = use != SpareUse.Never;
        }
    }

    public Tensor Loss(ToyBatch batch) => (Guess(batch) - batch.Label.narrow(1, 0, 1)).pow(2).mean();

    public Tensor Guess(ToyBatch batch)
    {
        Tensor output = last.forward(tanh(hidden.forward(batch.Img)));
        Tensor uses = batch.Label.narrow(1, 1, 1);
        return uses.any().item<bool>() ? output + (uses * spare.forward(output)) : output;
    }
}
