using Compat.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks.Ways;

/// <summary>The loop that a TorchSharp user writes by hand.</summary>
internal sealed class HandWrittenWay : Way
{
    private readonly nn.Module<Tensor, Tensor> network;
    private readonly optim.Optimizer optimizer;
    private readonly (StateTensor Input, StateTensor Target) data;

    public HandWrittenWay(BenchmarkModel model)
        : base("hand_written")
    {
        network = model.Network();
        optimizer = optim.AdamW(network.parameters(), 1e-3, weight_decay: 0.01);
        data = model.Data();
    }

    public override void Iterate()
    {
        using DisposeScope iteration = NewDisposeScope();
        optimizer.zero_grad();
        Tensor loss = nn.functional.mse_loss(network.forward(data.Input.Value), data.Target.Value);
        loss.backward();
        optimizer.step();
    }

    public override void Dispose()
    {
        optimizer.Dispose();
        network.Dispose();
        data.Input.Dispose();
        data.Target.Dispose();
    }
}
