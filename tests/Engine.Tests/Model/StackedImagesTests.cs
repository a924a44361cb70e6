using Compat.Engine.Model;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Model;

/// <summary>Expected numbers come from MMEngine's <c>stack_batch</c>.</summary>
public sealed class StackedImagesTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Theory]
    [InlineData(1, 3, new float[] { 1, 2, 3, 9, 9, 9, 4, 9, 9, 5, 9, 9 })]
    [InlineData(2, 4, new float[] { 1, 2, 3, 9, 9, 9, 9, 9, 4, 9, 9, 9, 5, 9, 9, 9 })]
    public void Images_are_padded_at_the_right_and_at_the_bottom(int divisor, int width, float[] expected)
    {
        Tensor result = StackedImages.Of([tensor(new float[] { 1, 2, 3 }, [1, 1, 3]), tensor(new float[] { 4, 5 }, [1, 2, 1])], divisor, 9);

        result.shape.Should().Equal(2, 1, 2, width);
        result.data<float>().ToArray().Should().Equal(expected);
    }

    [Fact]
    public void The_first_dimension_is_never_padded()
    {
        Tensor result = StackedImages.Of([ones(2, 3), ones(2, 1)]);

        result.shape.Should().Equal(2, 2, 3);
        result.data<float>().ToArray().Should().Equal(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0);
    }

    [Fact]
    public void What_cannot_be_stacked_is_refused()
    {
        Action none = () => StackedImages.Of([]);
        Action mixed = () => StackedImages.Of([ones(1, 2, 3), ones(2, 3)]);
        Action channels = () => StackedImages.Of([ones(1, 2, 3), ones(3, 2, 3)]);
        Action divisor = () => StackedImages.Of([ones(1, 2, 3)], padSizeDivisor: 0);

        none.Should().Throw<ArgumentException>().WithMessage("The list of images is empty; it must have at least one.*");
        mixed.Should().Throw<ArgumentException>().WithMessage("The images of a batch have shapes [1, 2, 3] and [2, 3]; only height and width may differ.*");
        channels.Should().Throw<ArgumentException>().WithMessage("The images of a batch have shapes [1, 2, 3] and [3, 2, 3]; only height and width may differ.*");
        divisor.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The divisor is 0; it must be at least 1. Use 1 to pad to the largest image only.*");
    }
}
