using Compat.Engine.Model;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

internal sealed class EngineBenchmarkModel : BaseModel<BenchmarkBatch>
{
    private readonly nn.Module<Tensor, Tensor> network;

    public EngineBenchmarkModel(nn.Module<Tensor, Tensor> network)
    {
        this.network = network;
        RegisterComponents();
    }

    protected override LossDict Loss(BenchmarkBatch batch) =>
        new() { ["loss"] = nn.functional.mse_loss(network.forward(batch.Input), batch.Target) };
}
