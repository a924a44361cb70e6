using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class HookPriorityTests
{
    public static TheoryData<string, int> Names => new()
    {
        { "HIGHEST", 0 }, { "VERY_HIGH", 10 }, { "HIGH", 30 }, { "ABOVE_NORMAL", 40 }, { "NORMAL", 50 },
        { "BELOW_NORMAL", 60 }, { "LOW", 70 }, { "VERY_LOW", 90 }, { "LOWEST", 100 },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_stands_for_its_number_and_back(string name, int value)
    {
        HookPriority.Parse(name).Value.Should().Be(value);
        new HookPriority(value).ToString().Should().Be(name);
    }

    [Fact]
    public void The_named_properties_are_the_named_numbers()
    {
        HookPriority[] all =
        [
            HookPriority.Highest, HookPriority.VeryHigh, HookPriority.High, HookPriority.AboveNormal, HookPriority.Normal, HookPriority.BelowNormal,
            HookPriority.Low, HookPriority.VeryLow, HookPriority.Lowest,
        ];

        all.Select(priority => priority.Value).Should().Equal(0, 10, 30, 40, 50, 60, 70, 90, 100);
    }

    [Fact]
    public void Upper_and_lower_case_are_the_same() => HookPriority.Parse("very_Low").Should().Be(HookPriority.VeryLow);

    [Theory]
    [InlineData(3)]
    [InlineData(35)]
    public void A_number_without_a_name_is_legal_and_prints_itself(int value)
    {
        HookPriority priority = value;

        priority.Value.Should().Be(value);
        priority.ToString().Should().Be(value == 3 ? "3" : "35");
        HookPriority.FromInt32(value).Should().Be(priority);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_number_outside_the_range_is_refused(int value)
    {
        Action act = () => _ = new HookPriority(value);

        act.Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage($"The hook priority is {value}; it must be from 0 (runs first) to 100 (runs last).*").WithParameterName(nameof(value));
    }

    [Fact]
    public void An_unknown_name_is_refused_with_those_that_exist()
    {
        Action act = () => HookPriority.Parse("SOON");

        act.Should().Throw<KeyNotFoundException>().WithMessage(
            "There is no hook priority 'SOON'. The names are HIGHEST, VERY_HIGH, HIGH, ABOVE_NORMAL, NORMAL, BELOW_NORMAL, LOW, VERY_LOW, LOWEST; a "
            + "number from 0 to 100 also serves.");
    }

    [Fact]
    public void The_lower_number_comes_first()
    {
        HookPriority low = 10;
        HookPriority high = 20;
        HookPriority same = 10;

        (low < high).Should().BeTrue();
        (high < low).Should().BeFalse();
        (high > low).Should().BeTrue();
        (low > same).Should().BeFalse();
        (low <= same).Should().BeTrue();
        (high <= low).Should().BeFalse();
        (low >= same).Should().BeTrue();
        (low >= high).Should().BeFalse();
        low.CompareTo(high).Should().BeNegative();
        low.CompareTo(same).Should().Be(0);
    }
}
