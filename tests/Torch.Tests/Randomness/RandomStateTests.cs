using Compat.TestSupport;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Randomness;

public sealed class RandomStateTests
{
    [Fact]
    public void Restoring_repeats_the_numbers_that_followed_the_capture_as_often_as_one_likes()
    {
        using DisposeScope scope = NewDisposeScope();
        using RandomState state = RandomState.Capture();
        float[] first = Draw();
        float[] next = Draw();

        state.Restore();
        float[] again = Draw();
        state.Restore();

        Draw().Should().Equal(first);
        again.Should().Equal(first);
        next.Should().NotEqual(first);
    }

    [Fact]
    public void Normal_numbers_and_dropout_are_repeated_too()
    {
        using DisposeScope scope = NewDisposeScope();
        _ = randn(1);
        using RandomState state = RandomState.Capture();
        float[] first = Noise();

        state.Restore();

        Noise().Should().Equal(first);
        Noise().Should().NotEqual(first);
    }

    [Fact]
    public void Capturing_draws_nothing_and_disposing_leaves_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(3);
        float[] expected = Draw();
        TorchSeed.Set(3);
        long before = LiveTensors.Settled();

        RandomState.Capture().Dispose();

        Tensor.TotalCount.Should().Be(before);
        Draw().Should().Equal(expected);
    }

    [Fact]
    public void A_disposed_state_cannot_be_restored()
    {
        RandomState state = RandomState.Capture();
        state.Dispose();

        Action act = state.Restore;

        act.Should().Throw<ObjectDisposedException>();
    }

    private static float[] Draw() => rand(4).data<float>().ToArray();

    private static float[] Noise() => [.. randn(1).data<float>().ToArray(), .. nn.functional.dropout(ones(16), 0.5, training: true).data<float>().ToArray()];
}
