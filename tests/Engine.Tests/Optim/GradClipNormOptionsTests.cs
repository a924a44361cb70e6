using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class GradClipNormOptionsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_norm_that_is_not_finite_stops_before_the_weights_are_touched_if_asked_for(bool error)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, new GradClipNormOptions { MaxNorm = 1, ErrorIfNonfinite = error });
        Action act = () => wrapper.UpdateParams((model.Weight * double.PositiveInfinity).sum());

        if (error)
        {
            act.Should().Throw<InvalidOperationException>().WithMessage("The norm of the gradients is Infinity, so they cannot be clipped. *");
            model.Weight.item<float>().Should().Be(1);
            wrapper.UpdateCount.Should().Be(0);
        }
        else
        {
            act.Should().NotThrow();
            model.Weight.item<float>().Should().Be(float.NaN, "the original goes on");
        }
    }

    [Fact]
    public void A_finite_norm_is_clipped_as_without_the_check()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, new GradClipNormOptions { MaxNorm = 0.5, ErrorIfNonfinite = true });

        wrapper.UpdateParams((model.Weight * 8).sum());

        model.Weight.item<float>().Should().BeApproximately(0.5f, 1e-6f);
    }

    [Fact]
    public void The_norm_is_the_Euclidean_one_and_not_read_unless_asked_for()
    {
        GradClipNormOptions options = new() { MaxNorm = 1 };

        (options.NormType, options.ErrorIfNonfinite).Should().Be((2, false));
    }

    private static OptimWrapper Wrapper(TestModel model, GradClipOptions clip) =>
        new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ClipGrad = clip }, model);
}
