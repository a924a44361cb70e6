using System.Globalization;
using Compat.TestSupport;
using Compat.Torch.Logging;

namespace Compat.Torch.Tests.Logging;

/// <summary>The expected texts were printed by Python 3.</summary>
public sealed class PythonTextTests
{
    [PythonFact]
    public void Repr_prints_numbers_of_all_sizes_as_Python()
    {
        const string Script = """
            import random, struct
            random.seed(5)
            values = [random.uniform(-1, 1) * 10.0 ** random.randint(-20, 20) for _ in range(1500)] + [float(random.randint(0, 10 ** 18)) for _ in range(500)]
            values += [10.0 ** power for power in range(-30, 31)] + [struct.unpack('d', random.randbytes(8))[0] for _ in range(500)]
            for value in values:
                if value == value and abs(value) != float('inf'):
                    print(struct.pack('d', value).hex(), repr(value))
            """;
        string[][] lines = [.. PythonFactAttribute.Run(Script).Trim().Split('\n').Select(line => line.Split(' '))];

        lines.Should().HaveCountGreaterThan(2000);
        lines.Where(line => PythonText.Repr(BitConverter.ToDouble(Convert.FromHexString(line[0]))) != line[1]).Should().BeEmpty();
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1, "1.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(123456789012345, "123456789012345.0")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(-1.5e15, "-1500000000000000.0")]
    [InlineData(1000000000000000.1, "1000000000000000.1")]
    [InlineData(9007199254740993, "9007199254740992.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1.2345678901234568e17, "1.2345678901234568e+17")]
    [InlineData(1e300, "1e+300")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(double.NaN, "nan")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void Repr_prints_as_Python(double value, string expected) => PythonText.Repr(value).Should().Be(expected);

    [Theory]
    [InlineData(0.97959, 4, "0.9796")]
    [InlineData(1.0 / 3, 2, "0.33")]
    [InlineData(2.675, 2, "2.67")]
    [InlineData(0.125, 2, "0.12")]
    [InlineData(0.375, 2, "0.38")]
    [InlineData(-0.5, 0, "-0")]
    [InlineData(0.5, 0, "0")]
    [InlineData(1.5, 0, "2")]
    [InlineData(2.5, 0, "2")]
    [InlineData(-0.00001, 4, "-0.0000")]
    [InlineData(1e22, 1, "10000000000000000000000.0")]
    [InlineData(123456789.987654321, 6, "123456789.987654")]
    [InlineData(0.1, 20, "0.10000000000000000555")]
    [InlineData(-0.0, 2, "-0.00")]
    [InlineData(double.NaN, 4, "nan")]
    [InlineData(double.PositiveInfinity, 4, "inf")]
    [InlineData(double.NegativeInfinity, 4, "-inf")]
    public void Fixed_prints_as_Python(double value, int digits, string expected) => PythonText.Fixed(value, digits).Should().Be(expected);

    [Theory]
    [InlineData(0.01, 3, "1.000e-02")]
    [InlineData(1e-100, 4, "1.0000e-100")]
    [InlineData(1.5e-10, 2, "1.50e-10")]
    [InlineData(0, 3, "0.000e+00")]
    [InlineData(123456, 2, "1.23e+05")]
    [InlineData(1e100, 3, "1.000e+100")]
    [InlineData(9.9995e-5, 3, "9.999e-05")]
    [InlineData(-0.0325, 4, "-3.2500e-02")]
    [InlineData(2.5, 0, "2e+00")]
    [InlineData(3.5, 0, "4e+00")]
    [InlineData(5e-324, 2, "4.94e-324")]
    [InlineData(1.7976931348623157e308, 4, "1.7977e+308")]
    [InlineData(double.NaN, 3, "nan")]
    [InlineData(double.PositiveInfinity, 3, "inf")]
    [InlineData(double.NegativeInfinity, 3, "-inf")]
    public void Scientific_prints_as_Python(double value, int digits, string expected) => PythonText.Scientific(value, digits).Should().Be(expected);

    [Theory]
    [InlineData(2.675, 2, 2.67)]
    [InlineData(0.125, 2, 0.12)]
    [InlineData(0.375, 2, 0.38)]
    [InlineData(1.00005, 4, 1.0001)]
    [InlineData(0.5, 0, 0)]
    [InlineData(1.5, 0, 2)]
    [InlineData(-2.5, 0, -2)]
    [InlineData(0.1 + 0.2, 5, 0.3)]
    [InlineData(1.234565, 5, 1.23456)]
    [InlineData(5e-324, 3, 0)]
    [InlineData(1e300, 5, 1e300)]
    [InlineData(double.NaN, 5, double.NaN)]
    [InlineData(double.NegativeInfinity, 5, double.NegativeInfinity)]
    public void Round_rounds_as_Python(double value, int digits, double expected) => PythonText.Round(value, digits).Should().Be(expected);

    [Theory]
    [InlineData(0, "0:00:00")]
    [InlineData(7, "0:00:07")]
    [InlineData(7.99, "0:00:07")]
    [InlineData(59, "0:00:59")]
    [InlineData(60, "0:01:00")]
    [InlineData(3661, "1:01:01")]
    [InlineData(86399, "23:59:59")]
    [InlineData(86400, "1 day, 0:00:00")]
    [InlineData(93784, "1 day, 2:03:04")]
    [InlineData(172800, "2 days, 0:00:00")]
    [InlineData(864000, "10 days, 0:00:00")]
    [InlineData(-1, "-1 day, 23:59:59")]
    [InlineData(-86400, "-1 day, 0:00:00")]
    [InlineData(-86401, "-2 days, 23:59:59")]
    [InlineData(-90000, "-2 days, 23:00:00")]
    public void Duration_prints_as_Python(double seconds, string expected) => PythonText.Duration(seconds).Should().Be(expected);

    [Fact]
    public void The_culture_does_not_matter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = comma;

            1.5.ToString("F1", CultureInfo.CurrentCulture).Should().Be("1,5");
            PythonText.Fixed(1.5, 1).Should().Be("1.5");
            PythonText.Scientific(1.5, 1).Should().Be("1.5e+00");
            PythonText.Round(1.26, 1).Should().Be(1.3);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
