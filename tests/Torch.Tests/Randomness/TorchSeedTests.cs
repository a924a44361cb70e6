using Compat.TestSupport;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Randomness;

public sealed class TorchSeedTests
{
    [Fact]
    public void Equal_seeds_give_equal_streams_and_others_give_others()
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(7);
        float[] first = Draw();
        TorchSeed.Set(7);
        float[] again = Draw();
        TorchSeed.Set(8);
        float[] other = Draw();

        again.Should().Equal(first);
        other.Should().NotEqual(first);
    }

    [Fact]
    public void The_stream_is_that_of_Python()
    {
        using DisposeScope scope = NewDisposeScope();

        TorchSeed.Set(0);

        rand(1).item<float>().Should().BeApproximately(0.4962566f, 1e-7f, "python3 -c 'torch.manual_seed(0); torch.rand(1)' prints it");
    }

    [Fact]
    public void Seeding_leaves_no_tensor_behind()
    {
        long before = LiveTensors.Settled();

        TorchSeed.Set(1);

        Tensor.TotalCount.Should().Be(before);
    }

    private static float[] Draw() => rand(4).data<float>().ToArray();
}
