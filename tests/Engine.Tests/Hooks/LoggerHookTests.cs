using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

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

    // Recorded from MMEngine 0.11 with an artificial clock: train, test, val and test of one runner, the steps of evaluations taking 1, 2, 4, 8, … seconds. The
    // times at the end of a pass are means over one entry more than the pass has.
    [Theory]
    [InlineData(false, "Iter(train) [2/4]", "Iter(train) [4/4]", "Iter(val) ", "Iter(test) ")]
    [InlineData(true, "Epoch(train) [1][2/3]", "Epoch(train) [1][4/3]", "Epoch(val) [0]", "Epoch(test) ")]
    public void A_training_by_iteration_and_its_tests_are_logged_as_there(bool byEpoch, string first, string second, string val, string test)
    {
        FakeTimeProvider clock = new();
        Queue<double> evaluations = new([1, 2, 4, 8, 16, 32, 3, 5, 7, 9]);
        TestModel? model = null;
        model = new TestModel
        {
            OnStep = () => clock.Advance(TimeSpan.FromSeconds(model!.training ? 0.5 : evaluations.Dequeue())),
            Losses = (iteration, loss) => new LossDict { ["loss"] = (loss * 0) + iteration + 1, ["acc"] = tensor((iteration + 1) / 2f) },
        };
        using TestRun run = new() { Model = model };
        Runner runner = run.Make(run.Options with
        {
            Time = clock,
            TrainDataloader = SlowDataset.Loader(clock, 3),
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 4, ValInterval = 2 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ValDataloader = SlowDataset.Loader(clock, 2),
            ValEvaluator = new Evaluator(new ConstantMetric("mAP", 0.5, 0.25)),
            TestDataloader = SlowDataset.Loader(clock, 2),
            TestEvaluator = new Evaluator(new ConstantMetric("mAP", 0.5, 0.25)),
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 2 } },
            LogProcessor = new() { WindowSize = 3, ByEpoch = byEpoch },
        });

        runner.Train();
        runner.Test();
        runner.Val();
        runner.Test();

        run.LogLines.Should().Equal(
            $"{first}  lr: 1.0000e-02  eta: 0:00:01  time: 0.7500  data_time: 0.2500  loss: 1.5000  acc: 1.0000",
            $"{val}[2/2]    eta: 0:00:00  time: 1.7500  data_time: 0.2500  ",
            $"{val}[2/2]    mAP: 0.5000  data_time: 0.2500  time: 1.7500",
            $"{second}  lr: 1.0000e-02  eta: 0:00:00  time: 0.7500  data_time: 0.2500  loss: 3.0000  acc: 2.0000",
            $"{val}[2/2]    eta: 0:00:00  time: 4.9167  data_time: 0.2500  ",
            $"{val}[2/2]    mAP: 0.2500  data_time: 0.2500  time: 4.9167",
            $"{test}[2/2]    eta: 0:00:00  time: 24.2500  data_time: 0.2500  ",
            $"{test}[2/2]    mAP: 0.5000  data_time: 0.2500  time: 24.2500",
            $"{val}[2/2]    eta: 0:00:00  time: 5.5833  data_time: 0.2500  ",
            $"{val}[2/2]    mAP: 0.5000  data_time: 0.2500  time: 5.5833",
            $"{test}[2/2]    eta: 0:00:00  time: 16.2500  data_time: 0.2500  ",
            $"{test}[2/2]    mAP: 0.2500  data_time: 0.2500  time: 16.2500");
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

    private sealed class SlowDataset(FakeTimeProvider clock, int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                clock.Advance(TimeSpan.FromSeconds(0.25));
                return new ToyBatch(ones(1), ones(1));
            }
        }

        public static BatchLoader Loader(FakeTimeProvider clock, int count) => new(new SlowDataset(clock, count));
    }
}
