using Compat.Torch;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks.Ways;

/// <summary>The least that training can cost: forward, backward and one fused update; gradients become null.</summary>
internal sealed class FloorWay : Way
{
    private readonly nn.Module<Tensor, Tensor> network;
    private readonly FusedAdamW optimizer;
    private readonly (StateTensor Input, StateTensor Target) data;

    public FloorWay(BenchmarkModel model)
        : base("floor")
    {
        network = model.Network();
        optimizer = new FusedAdamW(network.parameters(), new() { Lr = 1e-3 });
        data = model.Data();
    }

    public override void Iterate()
    {
        using DisposeScope iteration = NewDisposeScope();
        Tensor loss = nn.functional.mse_loss(network.forward(data.Input.Value), data.Target.Value);
        loss.backward();
        optimizer.step();
        optimizer.zero_grad();
    }

    public override void Dispose()
    {
        optimizer.Dispose();
        network.Dispose();
        data.Input.Dispose();
        data.Target.Dispose();
    }
}
