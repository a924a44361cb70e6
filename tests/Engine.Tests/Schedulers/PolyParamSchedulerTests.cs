using Compat.Engine.Schedulers;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The expected values are those of MMEngine's <c>PolyLR</c> with the same settings.</summary>
public sealed class PolyParamSchedulerTests : IDisposable
{
    private readonly ScheduledGroup scheduled = new();

    public void Dispose() => scheduled.Dispose();

    [Fact]
    public void A_straight_line_to_0_is_the_default() =>
        scheduled.Lr(new PolyLrOptions { End = 5 }, steps: 5).Should().Equal(1, 0.75, 0.5, 0.25, 0, 0);

    [Fact]
    public void The_lowest_value_is_reached_at_the_last_active_step() =>
        scheduled.Lr(new PolyLrOptions { Power = 2, EtaMin = 0.5, Begin = 1, End = 4 }, steps: 5).Should().Equal(1, 1, 0.625, 0.5, 0.5, 0.5);

    [Fact]
    public void With_a_power_of_0_nothing_changes() =>
        scheduled.Lr(new PolyLrOptions { Power = 0, End = 3 }, steps: 3).Should().Equal(1, 1, 1, 1);

    [Fact]
    public void Momentum_alone_is_scheduled_by_its_own_record()
    {
        new PolyMomentumOptions { End = 2 }.Build(scheduled.Groups).Step();

        (scheduled.Groups[0].Momentum, scheduled.Groups[0].Lr).Should().Be((0, 1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_power_below_0_is_refused(double power)
    {
        Action act = () => new PolyLrOptions { Power = power, End = 4 }.Build(scheduled.Groups);

        act.Should().Throw<ArgumentException>().WithMessage(FormattableString.Invariant(
            $"Power is {power}; it must be at least 0, since the last step raises 0 to it. Use 1 for a straight line, more for a faster fall at the beginning."));
    }

    [Fact]
    public void A_state_with_a_power_below_0_is_refused()
    {
        ParamScheduler scheduler = new PolyLrOptions { End = 4 }.Build(scheduled.Groups);
        PthDict state = scheduler.SaveState();
        state["power"] = -1;
        Action act = () => scheduler.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The state's settings cannot be used. Power is -1; *");
    }
}
