using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;

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
    [InlineData(0)]
    [InlineData(-1)]
    public void A_window_below_one_is_refused(int size)
    {
        Action act = () => _ = new LogProcessor(new LogProcessorOptions { WindowSize = size });

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("WindowSize");
    }

    [Fact]
    public void Null_is_refused()
    {
        LogProcessor processor = new();
        Action iter = () => processor.AfterIter(null!, 0, LoopMode.Train);
        Action epoch = () => processor.AfterValEpoch(null!);

        iter.Should().Throw<ArgumentNullException>().WithParameterName("runner");
        epoch.Should().Throw<ArgumentNullException>().WithParameterName("runner");
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

            Lines.Add(runner.LogProcessor.AfterIter(runner, arguments.BatchIndex, LoopMode.Train));
        }
    }
}
