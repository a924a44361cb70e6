using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class ClipGradNormTests
{
    [Theory]
    [InlineData(1, 8)]
    [InlineData(2, 5.0990195135927845)]
    [InlineData(3, 4.514357435474001)]
    [InlineData(double.PositiveInfinity, 4)]
    public void The_norm_and_the_clipped_gradients_follow_the_formula(double normType, double expected)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = [WithGradient(3, -1), WithGradient(4)];

        double norm = ClipGradNorm.Apply(parameters, maxNorm: 0.5, normType)!.item<float>();

        GoldenTolerance.IsSameFloat(expected, norm).Should().BeTrue($"the norm is {norm}");
        float[] first = parameters[0].grad!.data<float>().ToArray();
        GoldenTolerance.IsSameFloat(3 * 0.5 / (expected + 1e-6), first[0]).Should().BeTrue($"the gradient is {first[0]}");
        GoldenTolerance.IsSameFloat(-0.5 / (expected + 1e-6), first[1]).Should().BeTrue($"the gradient is {first[1]}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(double.PositiveInfinity)]
    public void It_gives_what_TorchSharp_gives(double normType)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] ours = [WithGradient(0.3f, -1.7f), WithGradient(4.1f)];
        Parameter[] theirs = [WithGradient(0.3f, -1.7f), WithGradient(4.1f)];

        double norm = ClipGradNorm.Apply(ours, 0.9, normType)!.item<float>();
        double expected = nn.utils.clip_grad_norm_(theirs, 0.9, normType);

        GoldenTolerance.IsSameFloat(expected, norm).Should().BeTrue($"{norm} should be {expected}");
        foreach ((float their, float our) in Gradients(theirs).Zip(Gradients(ours)))
        {
            GoldenTolerance.IsSameFloat(their, our).Should().BeTrue($"{our} should be {their}");
        }
    }

    [Fact]
    public void Gradients_below_the_limit_stay_as_they_are_to_the_last_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter parameter = WithGradient(0.3f, 0.4f);

        Tensor norm = ClipGradNorm.Apply([parameter], maxNorm: 1)!;

        norm.dim().Should().Be(0);
        parameter.grad!.data<float>().ToArray().Should().Equal(0.3f, 0.4f);
    }

    [Fact]
    public void Without_gradients_there_is_no_norm()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter parameter = new(ones(2));

        ClipGradNorm.Apply([parameter], 1).Should().BeNull();
        ClipGradNorm.Apply([], 1).Should().BeNull();
    }

    [Fact]
    public void Parameters_without_a_gradient_and_frozen_ones_are_left_out()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter frozen = WithGradient(100);
        frozen.requires_grad = false;

        double norm = ClipGradNorm.Apply([new Parameter(ones(2)), WithGradient(3, 4), frozen], 1)!.item<float>();

        norm.Should().Be(5);
        frozen.grad!.item<float>().Should().Be(100);
    }

    [Fact]
    public void Only_the_norm_is_left_and_it_belongs_to_the_scope_of_the_caller()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = [WithGradient(3), WithGradient(4)];
        long before = LiveTensors.Settled();

        using (NewDisposeScope())
        {
            ClipGradNorm.Apply(parameters, 1);
            Tensor.TotalCount.Should().Be(before + 1);
        }

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => ClipGradNorm.Apply(null!, 1);

        act.Should().Throw<ArgumentNullException>().WithParameterName("parameters");
    }

    private static IEnumerable<float> Gradients(Parameter[] parameters) => parameters.SelectMany(parameter => parameter.grad!.data<float>().ToArray());

    private static Parameter WithGradient(params float[] gradient)
    {
        Parameter parameter = new(ones(gradient.Length));
        parameter.grad = tensor(gradient);
        return parameter;
    }
}
