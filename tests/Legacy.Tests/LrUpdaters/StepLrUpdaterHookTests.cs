namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class StepLrUpdaterHookTests
{
    [Fact]
    public void It_falls_at_each_step_of_the_list() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1, 3], Gamma = 0.5 }, epochs: 4, length: 1).Should().Equal(1, 0.5, 0.5, 0.25);

    [Fact]
    public void A_single_number_in_a_list_is_a_step_and_no_interval() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1], Gamma = 0.5 }, epochs: 3, length: 1).Should().Equal(1, 0.5, 0.5);

    [Fact]
    public void As_an_interval_it_falls_again_and_again() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1], StepIsInterval = true, Gamma = 0.5 }, epochs: 3, length: 1).Should().Equal(1, 0.5, 0.25);

    [Fact]
    public void Equal_steps_fall_twice_at_once() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1, 1], Gamma = 0.5 }, epochs: 2, length: 1).Should().Equal(1, 0.25);

    [Fact]
    public void It_can_count_iterations() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [2], ByEpoch = false, Gamma = 0.5 }, epochs: 1, length: 4).Should().Equal(1, 1, 0.5, 0.5);

    [Fact]
    public void It_does_not_fall_below_the_floor() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1, 2], Gamma = 0.5, MinLr = 0.375 }, epochs: 3, length: 1).Should().Equal(1, 0.5, 0.375);

    [Fact]
    public void Gamma_is_a_tenth_by_default() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [1] }, epochs: 2, length: 1).Should().Equal(1, 0.1);

    [Fact]
    public void Without_steps_the_rate_stays() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [] }, epochs: 2, length: 2).Should().Equal(1, 1, 1, 1);

    [Fact]
    public void Without_steps_the_floor_holds_all_the_same() =>
        LrUpdaterHookTests.Rates(new StepLrConfig { Step = [], MinLr = 2.5 }, epochs: 2, length: 1).Should().Equal(2.5, 2.5);

    [Theory]
    [InlineData(new[] { 0 }, "0")]
    [InlineData(new[] { 2, -1 }, "2, -1")]
    public void Steps_must_be_above_0(int[] step, string printed)
    {
        Action make = () => new StepLrConfig { Step = step }.Build();

        make.Should().Throw<ArgumentException>().WithMessage(
            $"Step is [{printed}]; all numbers must be above 0. Epochs and iterations count from 0: leave out what is below 1.*");
    }

    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 1, 2 }, "1, 2")]
    public void An_interval_is_one_number(int[] step, string printed)
    {
        Action make = () => new StepLrConfig { Step = step, StepIsInterval = true }.Build();

        make.Should().Throw<ArgumentException>().WithMessage(
            $"Step is [{printed}]; all numbers must be above 0, and with StepIsInterval there must be exactly one.*");
    }

    [Fact]
    public void Steps_that_decrease_are_refused_with_the_list_to_write()
    {
        Action make = () => new StepLrConfig { Step = [8, 11, 9] }.Build();

        make.Should().Throw<ArgumentException>().WithMessage(
            "Step is [8, 11, 9]; 9 comes after 11, but the steps must not decrease. Write [8, 9, 11].*");
    }
}
