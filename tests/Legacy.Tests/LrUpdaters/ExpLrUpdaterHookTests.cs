namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class ExpLrUpdaterHookTests
{
    [Theory]
    [InlineData(false, new[] { 1, 0.5, 0.25, 0.125 })]
    [InlineData(true, new[] { 1, 1, 0.5, 0.5 })]
    public void It_multiplies_at_each_epoch_or_iteration(bool byEpoch, double[] expected) =>
        LrUpdaterHookTests.Rates(new ExpLrConfig { Gamma = 0.5, ByEpoch = byEpoch }, epochs: 2, length: 2).Should().Equal(expected);
}
