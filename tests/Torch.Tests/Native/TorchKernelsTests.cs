using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Native;

public sealed class TorchKernelsTests
{
    [Fact]
    public void Numbers_given_to_a_kernel_outlive_the_call_whatever_the_collector_does()
    {
        using DisposeScope scope = NewDisposeScope();
        using Parameter weight = new(ones(1));
        using FusedAdamW optimizer = new([weight], new() { Lr = 1e-3, WeightDecay = 0 });
        using CancellationTokenSource done = new();
        Thread collector = new(() =>
        {
            while (!done.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            for (int i = 0; i < 3000; i++)
            {
                using DisposeScope iteration = NewDisposeScope();
                weight.grad = ones(1);
                optimizer.step();
            }
        }
        finally
        {
            done.Cancel();
            collector.Join();
        }

        // A constant gradient moves AdamW by the rate in each step.
        weight.item<float>().Should().BeApproximately(1 - 3000 * 1e-3f, 1e-3f);
    }
}
