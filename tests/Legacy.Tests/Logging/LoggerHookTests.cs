using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;

namespace Compat.Legacy.Tests.Logging;

public sealed class LoggerHookTests
{
    [Fact]
    public void Every_interval_the_last_values_are_averaged_and_logged() =>
        Train(new ProbeConfig { Interval = 2 }, epochs: 2, length: 5).Should().Equal("1: 0.5", "3: 2.5", "1: 5.5", "3: 7.5");

    [Fact]
    public void The_rest_of_an_epoch_can_be_logged_too_and_reaches_back_into_the_last_window() =>
        Train(new ProbeConfig { Interval = 2, IgnoreLast = false }, epochs: 1, length: 5).Should().Equal("1: 0.5", "3: 2.5", "4: 3.5");

    [Fact]
    public void By_iteration_the_count_goes_on_but_each_epoch_starts_with_an_empty_buffer() =>
        Train(new ProbeConfig { Interval = 3, ByEpoch = false }, epochs: 2, length: 4).Should().Equal("2: 1", "1: 4.5");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void An_interval_below_1_logs_never(int interval) => Train(new ProbeConfig { Interval = interval }, epochs: 1, length: 5).Should().BeEmpty();

    /// <summary>As MMCV does for 0; for -1 it fails an assertion at the end of the first epoch.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void An_interval_below_1_logs_the_whole_epoch_if_its_rest_is_wanted(int interval) =>
        Train(new ProbeConfig { Interval = interval, IgnoreLast = false }, epochs: 1, length: 5).Should().Equal("4: 2");

    [Fact]
    public void The_interval_is_10_by_default() => Train(new ProbeConfig(), epochs: 1, length: 12).Should().Equal("9: 4.5");

    [Fact]
    public void A_validation_is_logged_once_with_the_averages_of_all_of_it()
    {
        List<string> log = [];
        double value = 0;
        using ValStepModel model = new(
            (_, _) => new StepOutputs(),
            (_, _) => new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["value"] = value++ } });
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 1 });
        runner.RegisterHook(new Probe(new ProbeConfig { Interval = 2 }, log));

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(10)], [("train", 1), ("val", 1)]);

        log.Should().Equal("4: 2");
    }

    [Fact]
    public void All_loggers_see_the_same_averages_and_the_last_one_clears_them()
    {
        List<string> log = [];
        using StubRunner runner = new();
        Probe first = new(new ProbeConfig { Interval = 1 }, log);
        Probe last = new(new ProbeConfig { Interval = 1 }, log);
        runner.RegisterHook(first);
        runner.RegisterHook(last);
        runner.CallHook(HookStage.BeforeRun);
        runner.LogBuffer.Update(new LogVars { ["value"] = 7.0 });

        runner.CallHook(HookStage.AfterTrainIter);

        log.Should().Equal("0: 7", "0: 7");
        runner.LogBuffer.Ready.Should().BeFalse();
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_logger_that_is_not_the_last_clears_only_if_asked_to(bool resetFlag, bool ready)
    {
        using StubRunner runner = new();
        Probe first = new(new ProbeConfig { Interval = 1, ResetFlag = resetFlag }, []);
        runner.RegisterHook(first);
        runner.RegisterHook(new Probe(new ProbeConfig(), []));
        runner.CallHook(HookStage.BeforeRun);
        runner.LogBuffer.Update(new LogVars { ["value"] = 7.0 });

        first.AfterTrainIter(runner);

        runner.LogBuffer.Ready.Should().Be(ready);
    }

    [Fact]
    public void Output_that_a_hook_put_there_is_logged_at_the_end_of_the_epoch()
    {
        List<string> log = [];
        using StubRunner runner = new();
        runner.RegisterHook(new Probe(new ProbeConfig(), log));
        runner.CallHook(HookStage.BeforeRun);
        runner.CallHook(HookStage.AfterTrainEpoch);
        log.Should().BeEmpty("nothing is ready");

        runner.LogBuffer.Output["value"] = 3;
        runner.LogBuffer.Ready = true;
        runner.CallHook(HookStage.AfterTrainEpoch);

        log.Should().Equal("0: 3");
    }

    [Fact]
    public void The_mode_is_train_only_if_iterations_were_timed()
    {
        using StubRunner runner = new();
        runner.Now.Mode = "train";
        Probe.Mode(runner).Should().Be("val", "results of an evaluation have no time");

        runner.LogBuffer.Output["time"] = 1;

        Probe.Mode(runner).Should().Be("train");
        runner.Now.Mode = "val";
        Probe.Mode(runner).Should().Be("val");
    }

    [Theory]
    [InlineData("test")]
    [InlineData(null)]
    public void A_mode_of_its_own_is_refused(string? mode)
    {
        using StubRunner runner = new();
        runner.Now.Mode = mode;
        Action askMode = () => Probe.Mode(runner);
        Action askEpoch = () => Probe.EpochOf(runner);

        string message = $"The runner's mode is '{mode}'; a logger knows 'train' and 'val'. Leave loggers out of flows of another mode.";
        askMode.Should().Throw<InvalidOperationException>().WithMessage(message);
        askEpoch.Should().Throw<InvalidOperationException>().WithMessage(message);
    }

    [Fact]
    public void The_epoch_counts_from_1_and_is_advanced_already_in_a_validation()
    {
        using StubRunner runner = new();
        runner.Now.Epoch = 4;
        runner.Now.Mode = "train";
        Probe.EpochOf(runner).Should().Be(5);
        runner.Now.Mode = "val";
        Probe.EpochOf(runner).Should().Be(4);
    }

    [Theory]
    [InlineData(true, true, 3)]
    [InlineData(true, false, 8)]
    [InlineData(false, true, 8)]
    [InlineData(false, false, 8)]
    public void The_iteration_counts_from_1_within_the_epoch_if_both_say_so(bool byEpoch, bool inner, int expected)
    {
        using StubRunner runner = new();
        (runner.Now.Iter, runner.Now.InnerIter) = (7, 2);

        new Probe(new ProbeConfig { ByEpoch = byEpoch }, []).IterOf(runner, inner).Should().Be(expected);
    }

    private static List<string> Train(ProbeConfig config, int epochs, int length)
    {
        List<string> log = [];
        double value = 0;
        using StepModel model = new((_, _) => new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["value"] = value++ } });
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = epochs });
        runner.RegisterHook(new Probe(config, log));
        runner.Run([ToyDataset.Loader(2 * length)], [("train", 1)]);
        return log;
    }

    private sealed record ProbeConfig : LoggerConfig
    {
        public override LoggerHook Build() => new Probe(this, []);
    }

    private sealed class Probe(LoggerConfig config, List<string> log) : LoggerHook(config)
    {
        public static string Mode(BaseRunner runner) => GetMode(runner);

        public static int EpochOf(BaseRunner runner) => GetEpoch(runner);

        public int IterOf(BaseRunner runner, bool inner) => GetIter(runner, inner);

        protected override void Log(BaseRunner runner) => log.Add(FormattableString.Invariant($"{runner.InnerIter}: {runner.LogBuffer.Output["value"]}"));
    }
}
