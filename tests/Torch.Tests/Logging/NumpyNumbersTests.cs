using Compat.Torch.Logging;

namespace Compat.Torch.Tests.Logging;

public sealed class NumpyNumbersTests
{
    /// <summary>Recorded with numpy 1.24: <c>np.array([1 / (i + 3) for i in range(n)]).sum()</c>. Added in order, all from 8 numbers on are others.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 1.0928571428571427)]
    [InlineData(8, 1.4289682539682538)]
    [InlineData(9, 1.5198773448773446)]
    [InlineData(15, 1.9395525226407575)]
    [InlineData(16, 1.9951080781963135)]
    [InlineData(127, 3.940899030573669)]
    [InlineData(128, 3.948591338265976)]
    [InlineData(129, 3.956224926052236)]
    [InlineData(1000, 5.987467865541362)]
    [InlineData(1021, 6.0081991097781335)]
    public void A_sum_is_that_of_numpy_to_the_last_bit(int count, double sum)
    {
        double[] values = [.. Enumerable.Range(3, count).Select(i => 1.0 / i)];

        NumpyNumbers.Sum(values).Should().Be(sum);
        if (count >= 8)
        {
            values.Aggregate(0.0, (total, value) => total + value).Should().NotBe(sum, "else this shows nothing");
        }
    }

    [Theory]
    [InlineData(double.NaN, 1.0, double.NaN, double.NaN)]
    [InlineData(1.0, double.NaN, double.NaN, double.NaN)]
    [InlineData(-3.0, double.PositiveInfinity, -3.0, double.PositiveInfinity)]
    [InlineData(2.0, -2.0, -2.0, 2.0)]
    public void Smallest_and_largest_are_NaN_if_a_number_is(double first, double second, double min, double max)
    {
        NumpyNumbers.Min([first, second]).Should().Be(min);
        NumpyNumbers.Max([first, second]).Should().Be(max);
    }

    /// <summary>Recorded with numpy 1.24 and Python 3.11: <c>round(np.float64(x), 5)</c> beside <c>round(x, 5)</c>.</summary>
    [Theory]
    [InlineData(0.065625, 0.06562, 0.06563)]
    [InlineData(1.154375, 1.15438, 1.15437)]
    [InlineData(0.25, 0.25, 0.25)]
    [InlineData(double.NaN, double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity)]
    public void Rounding_is_that_of_numpy_not_that_of_Python(double value, double numpy, double python)
    {
        NumpyNumbers.Round(value, 5).Should().Be(numpy);
        PythonText.Round(value, 5).Should().Be(python);
    }
}
