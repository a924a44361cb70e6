using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Legacy.Tests.LrUpdaters;

public sealed class PolyLrUpdaterHookTests
{
    [Theory]
    [InlineData(1, 0, new[] { 1, 0.75, 0.5, 0.25 })]
    [InlineData(2, 0, new[] { 1, 0.5625, 0.25, 0.0625 })]
    [InlineData(1, 0.5, new[] { 1, 0.875, 0.75, 0.625 })]
    public void It_falls_to_the_minimum_which_comes_after_the_end(double power, double min, double[] expected) =>
        LrUpdaterHookTests.Rates(new PolyLrConfig { Power = power, MinLr = min, ByEpoch = false }, epochs: 2, length: 2).Should().Equal(expected);

    [Fact]
    public void By_default_it_is_a_line_to_0() => LrUpdaterHookTests.Rates(new PolyLrConfig(), epochs: 2, length: 1).Should().Equal(1, 0.5);

    [Fact]
    public void Beyond_the_end_a_whole_power_goes_on_and_another_one_is_refused()
    {
        RateBeyondTheEnd(power: 1).Should().Be(-0.5, "as in MMCV");
        Action fractional = () => RateBeyondTheEnd(power: 0.5);

        fractional.Should().Throw<InvalidOperationException>().WithMessage(
            "PolyLrUpdaterHook has no value after 6 iterations, more than the training has: -0.5 cannot be raised to the power 0.5. Use a whole Power, or loaders of "
            + "one length for all 'train' flows.");
    }

    [Fact]
    public void Without_a_limit_it_says_which_one_to_set()
    {
        using StepModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 1 });
        using StubRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });
        PolyLrUpdaterHook byEpoch = new PolyLrConfig().Build();
        PolyLrUpdaterHook byIter = new PolyLrConfig { ByEpoch = false }.Build();
        byEpoch.BeforeRun(runner);
        byIter.BeforeRun(runner);

        Action epoch = () => byEpoch.BeforeTrainEpoch(runner);
        Action iter = () => byIter.BeforeTrainIter(runner);

        epoch.Should().Throw<InvalidOperationException>().WithMessage(
            "PolyLrUpdaterHook needs to know how long the training is, but MaxEpochs is not set. Set it in the runner's options, or let the schedule count iterations "
            + "(ByEpoch = false).");
        iter.Should().Throw<InvalidOperationException>().WithMessage("*but MaxIters is not set.*count epochs (ByEpoch = true).");
    }

    private static double RateBeyondTheEnd(double power)
    {
        using StepModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 1 });
        using StubRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });
        (runner.Now.Iter, runner.Now.MaxIters) = (6, 4);
        LrUpdaterHook hook = new PolyLrConfig { Power = power, ByEpoch = false }.Build();
        hook.BeforeRun(runner);
        hook.BeforeTrainIter(runner);
        return runner.CurrentLr().First;
    }
}
