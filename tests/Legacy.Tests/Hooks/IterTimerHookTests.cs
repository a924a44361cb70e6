using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;

namespace Compat.Legacy.Tests.Hooks;

public sealed class IterTimerHookTests
{
    [Fact]
    public void Data_time_is_the_wait_for_the_batch_and_time_the_whole_iteration()
    {
        FakeTimeProvider time = new();
        using StubRunner runner = new(new RunnerOptions { Logger = new ListLogger(), Time = time });
        IterTimerHook hook = new();

        time.Advance(TimeSpan.FromSeconds(100));
        hook.BeforeTrainEpoch(runner);
        time.Advance(TimeSpan.FromSeconds(0.25));
        hook.BeforeTrainIter(runner);
        time.Advance(TimeSpan.FromSeconds(0.5));
        hook.AfterTrainIter(runner);

        runner.LogBuffer.Average();
        runner.LogBuffer.Output.Should().Equal(new Dictionary<string, double> { ["data_time"] = 0.25, ["time"] = 0.75 });
    }

    [Fact]
    public void The_next_iteration_is_timed_from_the_end_of_the_last_one()
    {
        FakeTimeProvider time = new();
        using StubRunner runner = new(new RunnerOptions { Logger = new ListLogger(), Time = time });
        IterTimerHook hook = new();
        hook.BeforeTrainEpoch(runner);
        hook.BeforeTrainIter(runner);
        time.Advance(TimeSpan.FromSeconds(8));
        hook.AfterTrainIter(runner);

        time.Advance(TimeSpan.FromSeconds(1));
        hook.BeforeTrainIter(runner);
        time.Advance(TimeSpan.FromSeconds(2));
        hook.AfterTrainIter(runner);

        runner.LogBuffer.Average(1);
        runner.LogBuffer.Output["data_time"].Should().Be(1);
        runner.LogBuffer.Output["time"].Should().Be(3);
    }

    [Fact]
    public void Times_weigh_one_whatever_the_number_of_samples()
    {
        FakeTimeProvider time = new();
        using StubRunner runner = new(new RunnerOptions { Logger = new ListLogger(), Time = time });
        IterTimerHook hook = new();
        hook.BeforeTrainEpoch(runner);
        foreach (int seconds in new[] { 1, 3 })
        {
            hook.BeforeTrainIter(runner);
            time.Advance(TimeSpan.FromSeconds(seconds));
            hook.AfterTrainIter(runner);
        }

        runner.LogBuffer.Average();
        runner.LogBuffer.Output["time"].Should().Be(2);
    }

    [Fact]
    public void Validations_are_timed_too()
    {
        new IterTimerHook().GetTriggeredStages().Should().Equal(
            HookStage.BeforeTrainEpoch,
            HookStage.BeforeTrainIter,
            HookStage.AfterTrainIter,
            HookStage.BeforeValEpoch,
            HookStage.BeforeValIter,
            HookStage.AfterValIter);
    }

    [Fact]
    public void Its_usual_priority_is_low()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new TrainingHookOptions());

        runner.PriorityOf(runner.Hooks[0]).Should().Be(HookPriority.Low);
    }
}
