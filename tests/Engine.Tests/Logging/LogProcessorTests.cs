using System.Globalization;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;

namespace Compat.Engine.Tests.Logging;

public sealed class LogProcessorTests
{
    [Fact]
    public void A_line_has_rates_first_then_times_then_the_rest_in_the_order_of_the_hub()
    {
        string[] lines = Lines(new LogProcessorOptions());

        lines.Should().Equal(
            "Epoch(train) [1][1/2]  lr: 1.0000e-01  eta: 0:00:07  time: 0.5000  data_time: 0.2500  loss: 2.0000  acc: 10.0000",
            "Epoch(train) [1][2/2]  lr: 1.0000e-01  eta: 0:00:07  time: 0.7500  data_time: 0.2500  loss: 3.0000  acc: 20.0000");
    }

    [Fact]
    public void A_window_of_one_shows_the_last_values() =>
        Lines(new LogProcessorOptions { WindowSize = 1 })[1].Should().Contain("time: 1.0000").And.Contain("loss: 4.0000");

    [Fact]
    public void The_pattern_says_what_is_averaged() =>
        Lines(new LogProcessorOptions { MeanPattern = "acc" })[1].Should().Contain("loss: 4.0000").And.Contain("acc: 15.0000");

    [Fact]
    public void The_digits_can_be_set() =>
        Lines(new LogProcessorOptions { NumDigits = 1 })[1].Should().EndWith("lr: 1.0e-01  eta: 0:00:07  time: 0.8  data_time: 0.2  loss: 3.0  acc: 20.0");

    [Fact]
    public void Counted_by_iteration_a_line_starts_with_the_iteration() =>
        Lines(new LogProcessorOptions { ByEpoch = false }).Select(line => line.Split("  ")[0]).Should().Equal("Iter(train) [1/2]", "Iter(train) [2/2]");

    [Fact]
    public void Without_an_eta_the_times_stand_among_the_rest() =>
        Lines(new LogProcessorOptions(), eta: false)[0].Should().Be(
            "Epoch(train) [1][1/2]  lr: 1.0000e-01  time: 0.5000  data_time: 0.2500  loss: 2.0000  acc: 10.0000");

    [Theory]
    [InlineData("time", "0.5000")]
    [InlineData("data_time", "0.2500")]
    public void One_of_the_two_times_alone_stands_among_the_rest(string present, string value)
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                Fill(runner.MessageHub, ("train/lr", 0.1), ($"train/{present}", double.Parse(value, CultureInfo.InvariantCulture)), ("train/loss", 2));
                runner.MessageHub.UpdateInfo("eta", 7.9);
                return runner.LogProcessor.AfterIter(runner, 1, LoopMode.Train);
            },
            new LogProcessorOptions(),
            inTraining: true);

        entry.Line.Should().Be($"Epoch(train) [1][2/2]  lr: 1.0000e-01  {present}: {value}  loss: 2.0000");
    }

    // MMEngine, Runner.val() with and without options for training, of which max_epochs is 12.
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_validation_alone_is_logged_as_epoch_0_and_iteration_0(bool byEpoch, bool canTrain)
    {
        using TestRun run = new();
        AskHook hook = new(
            runner =>
            {
                Fill(runner.MessageHub, ("val/loss_a", 2));
                return runner.LogProcessor.AfterIter(runner, 0, LoopMode.Val);
            },
            inTraining: false);
        Runner runner = run.Make(
            run.WithValidation with
            {
                TrainDataloader = canTrain ? ToyDataset.Loader(4) : null,
                TrainCfg = canTrain ? new EpochBasedTrainLoopOptions { MaxEpochs = 12 } : null,
                OptimWrapper = canTrain ? run.Options.OptimWrapper : null,
                DefaultHooks = new DefaultHooks { RuntimeInfo = false, Timer = false, Logger = null },
                LogProcessor = new LogProcessorOptions { ByEpoch = byEpoch },
            },
            hook);

        runner.Val();

        hook.Entry!.Line.Should().Be(byEpoch ? "Epoch(val)[0][1/2]    " : "Iter(val) [1/2]    ");
        hook.Entry.Values.Should().Equal(Values(byEpoch ? [("loss_a", 2.0), ("epoch", 0), ("iter", 0)] : [("loss_a", 2.0), ("iter", 0)]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_values_of_an_iteration_are_all_its_histories_and_the_counters(bool byEpoch)
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                Fill(runner.MessageHub, ("train/base_lr", 0.2), ("train/lr", 0.1), ("train/data_time", 0.25), ("train/time", 0.5), ("train/loss", 2));
                Fill(runner.MessageHub, ("train/acc", 10), ("train/epoch", 7.5), ("train/loss", 4), ("train/acc", 20));
                runner.MessageHub.UpdateInfo("eta", 7.9);
                return runner.LogProcessor.AfterIter(runner, 1, LoopMode.Train);
            },
            new LogProcessorOptions { ByEpoch = byEpoch },
            inTraining: true);

        // A value named epoch is printed, and gives way to the counter in the values.
        entry.Line.Should().Be(
            (byEpoch ? "Epoch(train) [1][2/2]" : "Iter(train) [2/2]") + "  base_lr: 2.0000e-01 lr: 1.0000e-01  eta: 0:00:07  "
            + "time: 0.5000  data_time: 0.2500  loss: 3.0000  acc: 20.0000  epoch: 7.5000");
        entry.Values.Should().Equal(Values(
            ("base_lr", 0.2), ("lr", 0.1), ("data_time", 0.25), ("time", 0.5), ("loss", 3.0), ("acc", 20.0), ("epoch", byEpoch ? 1 : 7.5), ("iter", 2)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_values_of_a_validation_iteration_are_more_than_its_line_shows(bool byEpoch)
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                FillValidation(runner.MessageHub);
                runner.MessageHub.UpdateInfo("eta", 3.0);
                return runner.LogProcessor.AfterIter(runner, 0, LoopMode.Val);
            },
            new LogProcessorOptions { ByEpoch = byEpoch });

        entry.Line.Should().Be(
            (byEpoch ? "Epoch(val) [1][1/2]" : "Iter(val) [1/2]") + "    eta: 0:00:03  time: 1.0000  data_time: 0.2500  val/loss_x: 0.1250");
        (string, object?)[] histories = [("data_time", 0.25), ("time", 1.0), ("mAP", 0.5), ("val/loss_x", 0.125), ("valid", 3.0)];
        entry.Values.Should().Equal(Values(byEpoch ? [.. histories, ("epoch", 1), ("iter", 3)] : [.. histories, ("iter", 3)]));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void The_values_of_a_pass_are_metrics_then_information_if_asked_for_then_times(bool byEpoch, bool withNonScalar)
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                FillValidation(runner.MessageHub);
                runner.MessageHub.UpdateInfo("val/note", "good");
                runner.MessageHub.UpdateInfo("val/n", 3);
                runner.MessageHub.UpdateInfo("val/x", 0.5);
                runner.MessageHub.UpdateInfo<string?>("value", null);
                runner.MessageHub.UpdateInfo("val/flag", true);
                runner.MessageHub.UpdateInfo("train/x", 1);
                return runner.LogProcessor.AfterEpoch(runner, 2, LoopMode.Val, withNonScalar);
            },
            new LogProcessorOptions { ByEpoch = byEpoch });

        entry.Line.Should().Be(
            (byEpoch ? "Epoch(val) [1][2/2]" : "Iter(val) [2/2]") + "    mAP: 0.5000  val/loss_x: 0.1250  valid: 3.0000  "
            + "note: good  n: 3  x: 0.5000  value: None  flag: True  data_time: 0.2500  time: 1.0000");
        (string, object?)[] infos = [("note", "good"), ("n", 3), ("x", 0.5), ("value", null), ("flag", true)];
        entry.Values.Should().Equal(Values(
            [("mAP", 0.5), ("val/loss_x", 0.125), ("valid", 3.0), .. withNonScalar ? infos : [], ("data_time", 0.25), ("time", 1.0)]));
    }

    [Fact]
    public void The_times_of_a_pass_are_averaged_over_the_pass_whatever_the_window()
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                Fill(runner.MessageHub, ("val/time", 9), ("val/time", 1), ("val/time", 2), ("val/time", 6), ("val/loss", 2), ("val/loss", 4));
                return runner.LogProcessor.AfterEpoch(runner, 2, LoopMode.Val);
            },
            new LogProcessorOptions { WindowSize = 1 });

        entry.Values.Should().Equal(Values(("loss", 4.0), ("time", 3.0)));
    }

    [Fact]
    public void Information_that_is_a_list_is_printed_on_lines_of_its_own()
    {
        LogEntry entry = AtTheEnd(
            runner =>
            {
                runner.MessageHub.UpdateInfo("val/per_class", new double[] { 1, 0.25 });
                return runner.LogProcessor.AfterEpoch(runner, 1, LoopMode.Val);
            },
            new LogProcessorOptions());

        entry.Line.Should().EndWith("per_class: \n[1.0000, 0.2500]\n");
    }

    [Fact]
    public void An_epoch_of_training_has_no_entry()
    {
        Action act = () => AtTheEnd(runner => runner.LogProcessor.AfterEpoch(runner, 1, LoopMode.Train), new LogProcessorOptions());

        act.Should().Throw<ArgumentOutOfRangeException>().WithMessage(
            "The mode is Train; an epoch of training has no line of its own. Use AfterIter after its last iteration.*");
    }

    [Fact]
    public void The_defaults_are_those_of_the_original()
    {
        LogProcessorOptions log = new();
        LoggerHookOptions hook = new();

        (log.WindowSize, log.ByEpoch, log.NumDigits, log.MeanPattern).Should().Be((10, true, 4, ".*(loss|time|data_time|grad_norm).*"));
        (hook.Interval, hook.IgnoreLast, hook.IntervalExpName).Should().Be((10, true, 1000));
    }

    // MMEngine shows in a validation what begins so although the prefix is cut off, and nothing in a test.
    [Theory]
    [InlineData(LoopMode.Val, "Epoch(val) [1][1/2]    val/loss_x: 0.1250")]
    [InlineData(LoopMode.Test, "Epoch(test) [1/2]    ")]
    public void Of_a_test_no_values_are_shown_within_a_pass(LoopMode mode, string line)
    {
        using TestRun run = new();
        Runner runner = run.Train(run.WithValidation with
        {
            TestDataloader = run.WithTest.TestDataloader,
            TestEvaluator = run.WithTest.TestEvaluator,
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            DefaultHooks = new DefaultHooks { RuntimeInfo = false, Timer = false, Logger = null },
        });
        runner.Test();
        Fill(runner.MessageHub, ("val/val/loss_x", 0.125), ("test/val/loss_x", 0.125), ("val/acc", 1), ("test/acc", 1));

        runner.LogProcessor.AfterIter(runner, 0, mode).Line.Should().Be(line);
    }

    [Fact]
    public void A_window_of_0_is_all_entries() => Lines(new LogProcessorOptions { WindowSize = 0 })[1].Should().Contain("loss: 3.0000");

    [Fact]
    public void A_window_below_0_is_refused()
    {
        Action act = () => _ = new LogProcessor(new LogProcessorOptions { WindowSize = -1 });

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("WindowSize");
    }

    [Fact]
    public void Null_is_refused()
    {
        LogProcessor processor = new();
        Action iter = () => processor.AfterIter(null!, 0, LoopMode.Train);
        Action epoch = () => processor.AfterEpoch(null!, 0, LoopMode.Val);

        iter.Should().Throw<ArgumentNullException>().WithParameterName("runner");
        epoch.Should().Throw<ArgumentNullException>().WithParameterName("runner");
    }

    private static OrderedDictionary<string, object?> Values(params (string Name, object? Value)[] values) =>
        new(values.Select(value => KeyValuePair.Create(value.Name, value.Value)));

    private static void Fill(MessageHub hub, params (string Key, double Value)[] values)
    {
        foreach ((string key, double value) in values)
        {
            hub.UpdateScalar(key, value);
        }
    }

    private static void FillValidation(MessageHub hub) => Fill(
        hub,
        ("train/loss", 1), ("val/data_time", 0.25), ("val/time", 0.5), ("val/data_time", 0.25), ("val/time", 1.5), ("val/mAP", 0.5), ("val/val/loss_x", 0.125), ("valid", 3));

    /// <summary>Asks for an entry at the end of one epoch of two iterations, with nothing in the hub but what the test puts there.</summary>
    private static LogEntry AtTheEnd(Func<Runner, LogEntry> ask, LogProcessorOptions options, bool inTraining = false)
    {
        using TestRun run = new();
        AskHook hook = new(ask, inTraining);
        run.Train(
            run.WithValidation with
            {
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
                DefaultHooks = new DefaultHooks { RuntimeInfo = false, Timer = false, Logger = null },
                LogProcessor = options,
            },
            hook);
        return hook.Entry!;
    }

    private static string[] Lines(LogProcessorOptions options, bool eta = true)
    {
        using TestRun run = new();
        Scripted hook = new(eta);
        run.Train(
            run.Options with
            {
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
                DefaultHooks = new DefaultHooks { RuntimeInfo = false, Timer = false, Logger = null },
                LogProcessor = options,
            },
            hook);
        return [.. hook.Lines];
    }

    /// <summary>Asks in the last iteration of training, or after the validation: counters are as where MMEngine was asked for the expected values.</summary>
    private sealed class AskHook(Func<Runner, LogEntry> ask, bool inTraining) : Hook
    {
        public LogEntry? Entry { get; private set; }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            if (inTraining && IsLastTrainIter(runner))
            {
                Entry = ask(runner);
            }
        }

        public override void AfterVal(Runner runner) => Entry ??= ask(runner);
    }

    /// <summary>Fills the hub as the default hooks do, with numbers that can be checked by hand.</summary>
    private sealed class Scripted(bool eta) : Hook
    {
        public List<string> Lines { get; } = [];

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            int number = arguments.BatchIndex + 1;
            MessageHub hub = runner.MessageHub;
            hub.UpdateScalar("train/lr", 0.1);
            hub.UpdateScalar("train/time", number * 0.5);
            hub.UpdateScalar("train/data_time", 0.25);
            hub.UpdateScalar("train/loss", number * 2);
            hub.UpdateScalar("train/acc", number * 10);
            hub.UpdateScalar("val/loss", 99);
            if (eta)
            {
                hub.UpdateInfo("eta", 7.9);
            }

            Lines.Add(runner.LogProcessor.AfterIter(runner, arguments.BatchIndex, LoopMode.Train).Line);
        }
    }
}
