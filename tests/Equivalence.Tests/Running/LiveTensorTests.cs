using Compat.TestSupport;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

/// <summary>Live tensors do not grow (decision 26).</summary>
public sealed class LiveTensorTests
{
    private const int IterationsPerEpoch = 20;
    private const int LogInterval = 10;

    [Theory]
    [InlineData("legacy")]
    [InlineData("migrating")]
    [InlineData("engine")]
    public void As_many_tensors_live_after_a_log_line_in_epoch_20_as_in_epoch_2(string way)
    {
        using TestRun run = new(way, epochs: 20, recorded: false);
        Dictionary<int, long> live = [];
        foreach (int iteration in run.Iterations)
        {
            live[iteration] = iteration == IterationsPerEpoch ? LiveTensors.Settled() : Tensor.TotalCount;
        }

        live.Should().HaveCount(20 * IterationsPerEpoch);
        live[AfterFirstLine(epoch: 20)].Should().Be(live[AfterFirstLine(epoch: 2)]);
    }

    [Fact]
    public void The_count_sees_a_tensor_that_is_left_behind()
    {
        long before = LiveTensors.Settled();
        using Tensor left = zeros(1);

        Tensor.TotalCount.Should().Be(before + 1);
    }

    private static int AfterFirstLine(int epoch) => ((epoch - 1) * IterationsPerEpoch) + LogInterval;
}
