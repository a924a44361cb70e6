using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>A legacy model that steps by itself; its gradient is the rank plus 1.</summary>
internal sealed class SteppingModel : nn.Module, ITrainStep
{
    private readonly int rank;
    private readonly Parameter weight;
    private int steps;

    public SteppingModel(int rank)
        : base(string.Empty)
    {
        this.rank = rank;
        weight = new Parameter(ones(1));
        RegisterComponents();
    }

    public Parameter Weight => weight;

    public bool Fails { get; init; }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        if (Fails && steps++ > 0)
        {
            throw new FormatException("This rank cannot go on.");
        }

        Tensor loss = (weight * (rank + 1)).sum();
        optimizer!.Single.zero_grad();
        loss.backward();
        optimizer.Single.step();
        return new() { NumSamples = 2, LogVars = new LogVars { ["loss"] = loss } };
    }
}
