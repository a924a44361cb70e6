using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class UpdateReachTests
{
    [Theory]
    [InlineData(ScalarType.Float32, -24)]
    [InlineData(ScalarType.BFloat16, -8)]
    [InlineData(ScalarType.Float16, -11)]
    public void The_border_is_half_a_unit_in_the_last_place_of_the_largest_weight(ScalarType type, int exponent)
    {
        Answer(type, [0.25, -1], 1, Math.Pow(2, exponent)).Should().Be(UpdateReach.TooSmall);
        Answer(type, [0.25, -1], 1, Math.Pow(2, exponent) * 1.01).Should().Be(UpdateReach.Enough);
        Answer(type, [0.25, -2], 1, Math.Pow(2, exponent) * 1.01).Should().Be(UpdateReach.TooSmall);
        Answer(type, [0.25, -1.9], 1, Math.Pow(2, exponent) * 1.01).Should().Be(UpdateReach.Enough);
    }

    [Fact]
    public void A_large_gradient_counts_as_1_because_some_optimizers_move_by_their_rate_alone()
    {
        Answer(ScalarType.Float32, [1], 1e6, Math.Pow(2, -25)).Should().Be(UpdateReach.TooSmall);
        Answer(ScalarType.Float32, [1], 0.5, Math.Pow(2, -22)).Should().Be(UpdateReach.Enough);
    }

    [Fact]
    public void Of_weights_that_are_zero_the_border_is_below_the_normal_numbers_because_hardware_may_flush_these()
    {
        Answer(ScalarType.Float32, [0], 1, Math.Pow(2, -127)).Should().Be(UpdateReach.TooSmall);
        Answer(ScalarType.Float32, [0], 1, Math.Pow(2, -126)).Should().Be(UpdateReach.Enough);
    }

    [Theory]
    [InlineData(0.0, UpdateReach.NoGradient)]
    [InlineData(double.NaN, UpdateReach.Unknown)]
    [InlineData(double.PositiveInfinity, UpdateReach.Unknown)]
    public void A_gradient_that_is_zero_or_not_finite_is_told_apart(double gradient, int answer) =>
        Answer(ScalarType.Float32, [1], gradient, 0.1).Should().Be(answer);

    [Fact]
    public void Without_a_gradient_there_is_no_answer()
    {
        using DisposeScope scope = NewDisposeScope();

        UpdateReach.Of(new Parameter(ones(1)), 0.1).Should().BeNull();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void What_it_calls_enough_does_move_a_weight_and_most_of_what_moves_one_is_called_so(ScalarType type)
    {
        using Generator generator = new(0);
        int enough = 0;
        int moved = 0;
        for (int i = 0; i < 300; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Parameter weight = new((randn(8, generator: generator) * Math.Pow(10, (i % 5) - 2)).to(type));
            weight.grad = (randn(8, generator: generator) * Math.Pow(10, (i % 7) - 5)).to(type);
            using Tensor answer = UpdateReach.Of(weight, 0.01)!;
            bool isMoved = weight.detach().sub(weight.grad * 0.01).ne(weight.detach()).any().item<bool>();
            bool isEnough = (int)answer.item<double>() == UpdateReach.Enough;

            (isEnough && !isMoved).Should().BeFalse();
            enough += isEnough ? 1 : 0;
            moved += isMoved ? 1 : 0;
        }

        enough.Should().BeGreaterThan(moved / 3);
        moved.Should().BeLessThan(300);
    }

    private static int Answer(ScalarType type, double[] weights, double gradient, double lr)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = new(tensor(weights).to(type));
        weight.grad = full_like(weight, gradient).detach();
        return (int)UpdateReach.Of(weight, lr)!.item<double>();
    }
}
