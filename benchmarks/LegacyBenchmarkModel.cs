using Compat.Legacy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

internal sealed class LegacyBenchmarkModel : nn.Module, ITrainStep
{
    private readonly nn.Module<Tensor, Tensor> network;

    public LegacyBenchmarkModel(nn.Module<Tensor, Tensor> network)
        : base(nameof(LegacyBenchmarkModel))
    {
        this.network = network;
        RegisterComponents();
    }

    public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
    {
        BenchmarkBatch batch = (BenchmarkBatch)data;
        Tensor loss = nn.functional.mse_loss(network.forward(batch.Input), batch.Target);
        return new() { Loss = loss, NumSamples = 1, LogVars = new LogVars { ["loss"] = loss } };
    }
}
