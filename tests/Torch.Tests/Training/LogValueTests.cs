using Compat.TestSupport;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class LogValueTests
{
    [Fact]
    public void A_number_is_read_as_it_is()
    {
        LogValue value = 0.1;

        value.Tensor.Should().BeNull();
        value.Read().Should().Be(0.1);
        value.ToString().Should().Be("0.1");
        LogValue.FromDouble(0.1).Should().Be(value);
    }

    [Fact]
    public void Null_is_refused_in_words()
    {
        Action set = () => _ = new LogVars { ["loss"] = (Tensor)null! };

        set.Should().Throw<ArgumentNullException>().WithMessage("A log value is null. Give a number or a tensor of one element, or leave the entry out.*");
    }

    [Fact]
    public void A_tensor_is_kept_and_read_only_when_asked()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor tensor = ones(1, 1, requires_grad: true) * 3;
        LogValue value = tensor;

        value.Tensor.Should().BeSameAs(tensor);
        value.Number.Should().Be(double.NaN);
        value.ToString().Should().Be("tensor, not read yet");
        value.Read().Should().Be(3);
        LogValue.FromTensor(tensor).Should().Be(value);
    }

    [Fact]
    public void Reading_leaves_nothing_behind()
    {
        using DisposeScope scope = NewDisposeScope();
        LogValue value = ones(1);
        long before = LiveTensors.Settled();

        value.Read();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Values_are_equal_by_number_or_by_the_very_tensor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor tensor = ones(1);
        LogValue one = 1;
        LogValue same = 1;
        LogValue two = 2;
        LogValue first = tensor;
        LogValue other = ones(1);

        (one == same).Should().BeTrue();
        (one != two).Should().BeTrue();
        (first == new LogValue(tensor)).Should().BeTrue();
        (first == other).Should().BeFalse();
        first.Equals((object)one).Should().BeFalse();
        one.Equals("1").Should().BeFalse();
        one.GetHashCode().Should().Be(same.GetHashCode());
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => _ = new LogValue((Tensor)null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("tensor");
    }
}
