using Compat.Engine.Schedulers;
using Compat.Torch.Serialization;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The expected values are those of MMEngine's <c>StepLR</c> with the same settings.</summary>
public sealed class StepParamSchedulerTests : IDisposable
{
    private readonly ScheduledGroup scheduled = new();

    public void Dispose() => scheduled.Dispose();

    [Fact]
    public void Steps_count_from_the_beginning_of_the_schedule() =>
        scheduled.Lr(new StepLrOptions { StepSize = 2, Gamma = 0.5, Begin = 1 }, steps: 5).Should().Equal(1, 1, 1, 0.5, 0.5, 0.25);

    [Fact]
    public void After_the_end_the_value_stays() =>
        scheduled.Lr(new StepLrOptions { StepSize = 2, Gamma = 0.5, End = 4 }, steps: 5).Should().Equal(1, 1, 0.5, 0.5, 0.5, 0.5);

    [Fact]
    public void A_tenth_is_the_default()
    {
        new StepMomentumOptions { StepSize = 1 }.Build(scheduled.Groups).Step();

        scheduled.Groups[0].Momentum.Should().Be(0.8 * 0.1);
    }

    [Fact]
    public void Converted_from_epochs_the_step_size_is_in_iterations()
    {
        StepLrOptions options = new() { StepSize = 2, Begin = 1 };

        StepLrOptions byIter = (StepLrOptions)options.ToIterBased(7);

        (byIter.StepSize, byIter.Begin, byIter.End, options.StepSize).Should().Be((14, 7, null, 2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public void A_step_size_below_1_is_refused(int size)
    {
        Action act = () => new StepLrOptions { StepSize = size }.Build(scheduled.Groups);

        act.Should().Throw<ArgumentException>().WithMessage($"StepSize is {size}; it must be at least 1. Use 1 to multiply at every step.");
    }

    [Fact]
    public void A_state_with_a_step_size_of_0_is_refused()
    {
        ParamScheduler scheduler = new StepLrOptions { StepSize = 2 }.Build(scheduled.Groups);
        PthDict state = scheduler.SaveState();
        state["step_size"] = 0;
        Action act = () => scheduler.LoadState(state);

        act.Should().Throw<PthException>().WithMessage("The state's settings cannot be used. StepSize is 0; *");
    }
}
