using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class GradClipValueOptionsTests
{
    [Theory]
    [InlineData(8, 0.75f)]
    [InlineData(-8, 1.25f)]
    [InlineData(0.125, 0.875f)]
    public void An_element_beyond_the_limit_is_cut_to_it(double gradient, float weight)
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        using OptimWrapper wrapper = Wrapper(model, 0.25);

        wrapper.UpdateParams((model.Weight * gradient).sum());

        model.Weight.item<float>().Should().Be(weight);
    }

    [Fact]
    public void Nothing_is_logged()
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options with
        {
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.5 }, ClipGrad = new GradClipValueOptions { ClipValue = 0.25 } },
            TrainDataloader = new BatchLoader(new TwosDataset()),
        });

        runner.MessageHub.Scalars.Should().NotContainKey("train/grad_norm").And.NotContainKey("train/grad_value");
        runner.MessageHub.Scalars.Should().ContainKey("train/lr", "other scalars are logged");
    }

    // MMEngine: p.grad = 8, p.requires_grad = False; after wrapper.step() with clip_value=0.25 and lr=1 the weight went down by 8.
    [Fact]
    public void A_frozen_parameter_keeps_the_gradient_that_it_still_has()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestModel model = new();
        (model.Weight * 8).sum().backward();
        model.Weight.requires_grad = false;

        new GradClipValueOptions { ClipValue = 0.25 }.Apply([model.Weight]).Should().BeNull();

        model.Weight.grad!.item<float>().Should().Be(8);
        model.Weight.requires_grad = true;
        new GradClipValueOptions { ClipValue = 0.25 }.Apply([model.Weight]);
        model.Weight.grad!.item<float>().Should().Be(0.25f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void A_limit_that_makes_no_sense_is_refused(double limit)
    {
        using TestModel model = new();
        Action act = () => Wrapper(model, limit);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("options").WithMessage(FormattableString.Invariant(
            $"ClipGrad has ClipValue {limit}; it must be above 0. Use ClipGrad = null for no clipping.*"));
    }

    private static OptimWrapper Wrapper(TestModel model, double limit) =>
        new(new() { Optimizer = new FusedSgdOptions { Lr = 1 }, ClipGrad = new GradClipValueOptions { ClipValue = limit } }, model);
}
