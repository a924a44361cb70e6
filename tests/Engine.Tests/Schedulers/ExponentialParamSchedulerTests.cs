using Compat.Engine.Schedulers;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The expected values are those of MMEngine's <c>ExponentialLR</c> with the same settings.</summary>
public sealed class ExponentialParamSchedulerTests : IDisposable
{
    private readonly ScheduledGroup scheduled = new();

    public void Dispose() => scheduled.Dispose();

    [Fact]
    public void Each_active_step_but_the_first_multiplies() =>
        scheduled.Lr(new ExponentialLrOptions { Gamma = 0.5, Begin = 1, End = 4 }, steps: 4).Should().Equal(1, 1, 0.5, 0.25, 0.25);

    [Fact]
    public void Momentum_alone_is_scheduled_by_its_own_record()
    {
        new ExponentialMomentumOptions { Gamma = 0.5 }.Build(scheduled.Groups).Step();

        (scheduled.Groups[0].Momentum, scheduled.Groups[0].Lr).Should().Be((0.4, 1));
    }

    [Fact]
    public void Converted_from_epochs_the_factor_stays_as_it_is() =>
        ((ExponentialLrOptions)new ExponentialLrOptions { Gamma = 0.9 }.ToIterBased(7)).Gamma.Should().Be(0.9);

    [Fact]
    public void The_factor_of_a_state_wins()
    {
        PthDict state = new ExponentialLrOptions { Gamma = 0.5 }.Build(scheduled.Groups).SaveState();
        ParamScheduler other = new ExponentialLrOptions { Gamma = 0.25 }.Build(scheduled.Groups);

        other.LoadState(state);
        other.Step();

        scheduled.Groups[0].Lr.Should().Be(0.5);
    }

    [Fact]
    public void A_state_without_a_factor_is_refused()
    {
        ParamScheduler scheduler = new ExponentialLrOptions { Gamma = 0.5 }.Build(scheduled.Groups);
        PthDict state = new ConstantLrOptions { Factor = 0.5 }.Build(scheduled.Groups).SaveState();
        Action act = () => scheduler.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The value is no state of this kind of schedule: 'gamma' is missing or of another kind.*");
    }
}
