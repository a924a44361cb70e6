using Compat.Engine.Schedulers;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The expected values are those of MMEngine's <c>LinearLR</c> with the same settings.</summary>
public sealed class LinearParamSchedulerTests : IDisposable
{
    private readonly ScheduledGroup scheduled = new();

    public void Dispose() => scheduled.Dispose();

    [Fact]
    public void The_value_rises_evenly_to_the_last_active_step() =>
        scheduled.Lr(new LinearLrOptions { StartFactor = 0.25, Begin = 1, End = 5 }, steps: 5).Should().Equal(1, 0.25, 0.5, 0.75, 1, 1);

    [Fact]
    public void It_may_fall_to_0() => scheduled.Lr(new LinearLrOptions { StartFactor = 1, EndFactor = 0, End = 4 }, steps: 4)
        .Should().Equal(1, 0.6666666666666667, 0.33333333333333337, 0, 0);

    [Fact]
    public void A_schedule_of_one_step_stays_at_the_first_factor() =>
        scheduled.Lr(new LinearLrOptions { StartFactor = 0.5, End = 1 }, steps: 2).Should().Equal(0.5, 0.5, 0.5);

    [Fact]
    public void One_without_an_end_hardly_moves() => scheduled.Lr(new LinearLrOptions { StartFactor = 0.5 }, steps: 3)
        .Should().Equal(0.5, 0.5000000005, 0.5000000010000001, 0.5000000015000001);

    [Fact]
    public void From_a_third_to_the_full_value_is_the_default()
    {
        LinearLrOptions options = new();

        (options.StartFactor, options.EndFactor, options.Option).Should().Be((1.0 / 3, 1, OptimizerOption.Lr));
    }

    [Fact]
    public void Momentum_can_be_warmed_up()
    {
        ParamScheduler scheduler = new LinearMomentumOptions { StartFactor = 0.5, End = 3 }.Build(scheduled.Groups);
        List<double?> momenta = [scheduled.Groups[0].Momentum];
        for (int i = 0; i < 2; i++)
        {
            scheduler.Step();
            momenta.Add(scheduled.Groups[0].Momentum);
        }

        momenta[0].Should().Be(0.4);
        momenta[1].Should().BeApproximately(0.6, 1e-15);
        momenta[2].Should().BeApproximately(0.8, 1e-15);
        scheduled.Groups[0].Lr.Should().Be(1);
    }

    [Fact]
    public void Converted_from_epochs_it_rises_within_them()
    {
        ParamSchedulerOptions options = new LinearLrOptions { StartFactor = 0.25, End = 2 }.ToIterBased(2);

        scheduled.Lr(options, steps: 4).Should().Equal(0.25, 0.5, 0.75, 1, 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_first_factor_out_of_range_is_refused(double factor)
    {
        Action act = () => new LinearLrOptions { StartFactor = factor, End = 4 }.Build(scheduled.Groups);

        act.Should().Throw<ArgumentException>().WithMessage(FormattableString.Invariant(
            $"StartFactor is {factor}; it must be above 0 and at most 1, since each value is computed from the one before. Use 0.001 to begin near 0."));
        scheduled.Groups[0].Lr.Should().Be(1);
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    public void A_last_factor_out_of_range_is_refused(double factor)
    {
        Action act = () => new LinearMomentumOptions { EndFactor = factor }.Build(scheduled.Groups);

        act.Should().Throw<ArgumentException>().WithMessage(FormattableString.Invariant(
            $"EndFactor is {factor}; it must be between 0 and 1. Give the optimizer the highest value, and use 1 for it."));
    }

    [Fact]
    public void A_state_that_would_divide_by_0_is_refused()
    {
        ParamScheduler scheduler = new LinearLrOptions { End = 4 }.Build(scheduled.Groups);
        PthDict state = scheduler.SaveState();
        state["start_factor"] = 0.0;
        Action act = () => scheduler.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The state's settings cannot be used. StartFactor is 0; *");
    }
}
