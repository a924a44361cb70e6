using Compat.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Benchmarks.Ways;

/// <summary>Forward and backward alone: gradients are dropped, nothing is updated.</summary>
internal sealed class BareWay(BenchmarkModel model) : Way("forward_backward")
{
    private readonly nn.Module<Tensor, Tensor> network = model.Network();
    private readonly (StateTensor Input, StateTensor Target) data = model.Data();

    public override void Iterate()
    {
        using DisposeScope iteration = NewDisposeScope();
        Tensor loss = nn.functional.mse_loss(network.forward(data.Input.Value), data.Target.Value);
        loss.backward();
        foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
        {
            parameter.grad = null;
        }
    }

    public override void Dispose()
    {
        network.Dispose();
        data.Input.Dispose();
        data.Target.Dispose();
    }
}
