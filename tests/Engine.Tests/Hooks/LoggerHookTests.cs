using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Hooks;

public sealed class LoggerHookTests
{
    [Theory]
    [InlineData(2, true, "2 4")]
    [InlineData(2, false, "2 4 5")]
    [InlineData(3, true, "3")]
    [InlineData(5, true, "5")]
    [InlineData(9, true, "5")]
    [InlineData(1, true, "1 2 3 4 5")]
    public void Lines_come_at_the_interval_and_the_rest_of_an_epoch_is_left_out_unless_asked_for(int interval, bool ignoreLast, string expected)
    {
        using TestRun run = new();

        run.Train(run.Options with
        {
            TrainDataloader = ToyDataset.Loader(10),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = interval, IgnoreLast = ignoreLast } },
        });

        string.Join(' ', run.EpochLines.Select(line => line.Split('[', '/')[2])).Should().Be(expected);
    }

    [Fact]
    public void The_name_of_the_experiment_is_printed_at_its_interval_and_at_the_end_of_each_epoch()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with
        {
            ExperimentName = "digits",
            TrainDataloader = ToyDataset.Loader(10),
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 100, IntervalExpName = 4 } },
        });

        run.Logger.Lines.Where(line => line.StartsWith("Exp name", StringComparison.Ordinal)).Should()
            .HaveCount(4, "iterations 4, 5, 8 and 10 of two epochs of 5").And.AllBe($"Exp name: {runner.ExperimentName}");
    }

    [Fact]
    public void A_validation_is_logged_at_its_end_and_at_the_interval()
    {
        using TestRun run = new();

        run.Train(run.WithValidation with
        {
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 1 } },
        });

        string[] lines = [.. run.EpochLines.Where(line => line.StartsWith("Epoch(val)", StringComparison.Ordinal))];
        lines.Should().HaveCount(3);
        lines[0].Should().StartWith("Epoch(val) [1][1/2]    eta: ");
        lines[2].Should().StartWith("Epoch(val) [1][2/2]    mAP: 0.5000  data_time: ");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void An_interval_below_one_is_refused(int interval)
    {
        Action line = () => _ = new LoggerHook(new LoggerHookOptions { Interval = interval });
        Action name = () => _ = new LoggerHook(new LoggerHookOptions { IntervalExpName = interval });

        line.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Interval")
            .WithMessage($"Interval is {interval}; it must be at least 1. To log nothing, set DefaultHooks.Logger to null.*");
        name.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("IntervalExpName")
            .WithMessage($"IntervalExpName is {interval}; it must be at least 1.*");
    }

    [Fact]
    public void It_runs_below_normal() => new LoggerHook().Priority.Should().Be(HookPriority.BelowNormal);
}
