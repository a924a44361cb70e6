namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class LinearAnnealingLrUpdaterHookTests
{
    [Theory]
    [InlineData(0.0, null, new[] { 1, 0.75, 0.5, 0.25 })]
    [InlineData(0.5, null, new[] { 1, 0.875, 0.75, 0.625 })]
    [InlineData(null, 0.5, new[] { 1, 0.875, 0.75, 0.625 })]
    public void It_falls_to_an_end_that_comes_after_the_last_iteration(double? min, double? ratio, double[] expected) =>
        LrUpdaterHookTests.Rates(new LinearAnnealingLrConfig { MinLr = min, MinLrRatio = ratio, ByEpoch = false }, epochs: 2, length: 2)
            .Should().Equal(expected, (actual, wanted) => Math.Abs(actual - wanted) < 1e-15);

    [Theory]
    [InlineData(null, null, "Neither MinLr nor MinLrRatio is set. Set one of them: the value at the end, or its ratio to the initial one.*")]
    [InlineData(0.1, 0.2, "MinLr is 0.1 and MinLrRatio is 0.2; only one of them can be set.*")]
    public void Exactly_one_end_must_be_set(double? min, double? ratio, string message)
    {
        Action make = () => new LinearAnnealingLrConfig { MinLr = min, MinLrRatio = ratio }.Build();

        make.Should().Throw<ArgumentException>().WithMessage(message);
    }
}
