using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class ParameterSumsTests
{
    [Fact]
    public void Both_sums_are_those_of_all_elements()
    {
        using DisposeScope scope = NewDisposeScope();

        ParameterSums.Of(new Parameter(tensor(new[] { 1f, -2f, 4f }).reshape(3, 1))).data<double>().Should().Equal(3, 21);
        ParameterSums.Of(new Parameter(zeros(0))).data<double>().Should().Equal(0, 0);
    }

    [Fact]
    public void A_large_parameter_is_summed_part_by_part_and_one_unit_in_the_last_place_of_one_element_shows()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = ones((1 << 22) + 5);
        using Tensor before = ParameterSums.Of(new Parameter(values.clone()));
        values[1 << 22] = MathF.BitIncrement(1);
        using Tensor after = ParameterSums.Of(new Parameter(values));

        before.data<double>().Should().Equal((1 << 22) + 5, (1 << 22) + 5);
        after.ne(before).all().item<bool>().Should().BeTrue();
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.ComplexFloat32)]
    public void Every_type_of_parameter_has_sums_in_float64(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();

        Tensor sums = ParameterSums.Of(new Parameter(full(4, 0.5, dtype: type)));

        sums.dtype.Should().Be(ScalarType.Float64);
        sums.data<double>().Should().Equal(2, 1);
    }
}
