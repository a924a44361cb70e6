using System.Globalization;
using Compat.Engine.Evaluation;

namespace Compat.Engine.Tests.Evaluation;

public sealed class MetricValueTests
{
    [Fact]
    public void It_is_a_number_an_array_or_nothing()
    {
        MetricValue number = 0.5;
        MetricValue array = new[] { 1.0, 2.5 };

        (number.IsNumber, number.IsArray, number.IsNone).Should().Be((true, false, false));
        (array.IsNumber, array.IsArray, array.IsNone).Should().Be((false, true, false));
        (MetricValue.None.IsNumber, MetricValue.None.IsArray, MetricValue.None.IsNone).Should().Be((false, false, true));
        number.Number.Should().Be(0.5);
        array.Array.Should().Equal(1, 2.5);
        MetricValue.None.Should().Be(default(MetricValue));
    }

    [Fact]
    public void Reading_the_number_of_something_else_says_what_it_is()
    {
        Action array = () => _ = new MetricValue([1, 2]).Number;
        Action none = () => _ = MetricValue.None.Number;

        array.Should().Throw<InvalidOperationException>()
            .WithMessage("The metric is an array of 2 numbers, not a number. Look at IsNumber first, or read Array where IsArray.");
        none.Should().Throw<InvalidOperationException>()
            .WithMessage("The metric is nothing, not a number. Look at IsNumber first, or read Array where IsArray.");
    }

    [Fact]
    public void Reading_the_array_of_something_else_says_what_it_is()
    {
        Action act = () => _ = new MetricValue(0.5).Array;

        act.Should().Throw<InvalidOperationException>()
            .WithMessage("The metric is the number 0.5, not an array. Look at IsArray first, or read Number where IsNumber.");
    }

    [Fact]
    public void Equality_looks_at_kind_and_numbers()
    {
        MetricValue number = 1;
        MetricValue array = new[] { 1.0 };

        (number == 1.0).Should().BeTrue();
        (new MetricValue([1, 2]) == new MetricValue([1, 2])).Should().BeTrue();
        (new MetricValue(double.NaN) == double.NaN).Should().BeTrue("a value that is not there twice is the same value");
        new MetricValue([double.NaN]).Should().Be(new MetricValue([double.NaN]));
        new MetricValue([1, 2]).GetHashCode().Should().Be(new MetricValue([1, 2]).GetHashCode());
        new MetricValue([]).GetHashCode().Should().Be(new MetricValue([]).GetHashCode());
        (number != array).Should().BeTrue();
        (number != MetricValue.None).Should().BeTrue();
        (new MetricValue([]) != MetricValue.None).Should().BeTrue();
        (new MetricValue([1, 2]) != new MetricValue([1, 3])).Should().BeTrue();
        (new MetricValue(0) != MetricValue.None).Should().BeTrue();
        number.Equals("1").Should().BeFalse();
    }

    [Fact]
    public void Its_text_is_the_same_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = commas;
        try
        {
            new MetricValue(0.25).ToString().Should().Be("0.25");
            new MetricValue([0.5, 1]).ToString().Should().Be("[0.5, 1]");
            MetricValue.None.ToString().Should().Be("None");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void An_array_is_copied()
    {
        double[] numbers = [1, 2];
        MetricValue value = MetricValue.FromArray(numbers);
        numbers[0] = 9;

        value.Array.Should().Equal(1, 2);
        MetricValue.FromDouble(3).Number.Should().Be(3);
    }
}
