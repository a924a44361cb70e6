using Compat.Engine.Schedulers;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

public sealed class ConstantParamSchedulerTests : IDisposable
{
    private readonly ScheduledGroup scheduled = new();

    public void Dispose() => scheduled.Dispose();

    // MMEngine 0.11: ConstantLR(factor=0.5, begin=1, end=4).
    [Fact]
    public void The_value_is_back_at_the_last_active_step() =>
        scheduled.Lr(new ConstantLrOptions { Factor = 0.5, Begin = 1, End = 4 }, steps: 5).Should().Equal(1, 0.5, 0.5, 1, 1, 1);

    [Fact]
    public void A_schedule_of_one_step_is_never_undone() =>
        scheduled.Lr(new ConstantLrOptions { Factor = 0.5, End = 1 }, steps: 3).Should().Equal(0.5, 0.5, 0.5, 0.5);

    [Fact]
    public void A_third_is_the_default() => scheduled.Lr(new ConstantLrOptions(), steps: 0).Should().Equal(1.0 / 3);

    [Fact]
    public void Momentum_and_any_other_option_can_be_held()
    {
        new ConstantMomentumOptions { Factor = 0.5 }.Build(scheduled.Groups);
        new ConstantParamSchedulerOptions(OptimizerOption.WeightDecay) { Factor = 0.5 }.Build(scheduled.Groups);

        scheduled.Groups[0].Momentum.Should().Be(0.4);
        OptimizerOption.WeightDecay.In(scheduled.Groups[0]).Current.Should().Be(0.25);
        scheduled.Groups[0].Lr.Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void A_factor_out_of_range_is_refused(double factor)
    {
        Action act = () => new ConstantLrOptions { Factor = factor }.Build(scheduled.Groups);

        act.Should().Throw<ArgumentException>().WithMessage(FormattableString.Invariant(
            $"Factor is {factor}; it must be above 0 and at most 1, since the value is divided by it when the schedule ends. Use 0.5 for half the value."));
        scheduled.Groups[0].InitialLr.Should().BeNull("nothing was scheduled");
    }

    [Fact]
    public void A_state_with_a_factor_that_cannot_be_used_is_refused_and_changes_nothing()
    {
        ParamScheduler scheduler = new ConstantLrOptions { Factor = 0.5, End = 2 }.Build(scheduled.Groups);
        PthDict state = scheduler.SaveState();
        state["factor"] = 0.0;
        Action act = () => scheduler.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The state's settings cannot be used. Factor is 0; *");
        scheduler.Step();
        scheduled.Groups[0].Lr.Should().Be(1, "the schedule still ends with a division by 0.5");
    }

    [Fact]
    public void The_settings_of_a_state_win()
    {
        PthDict state = new ConstantLrOptions { Factor = 0.5, End = 2 }.Build(scheduled.Groups).SaveState();
        ParamScheduler longer = new ConstantLrOptions { Factor = 0.25, End = 9 }.Build(scheduled.Groups);

        longer.LoadState(state);
        longer.Step();

        scheduled.Groups[0].Lr.Should().Be(0.25, "it was multiplied by 0.5, by 0.25, and divided by the state's 0.5");
    }
}
