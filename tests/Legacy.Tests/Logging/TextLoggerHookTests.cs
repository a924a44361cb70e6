using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Logging;

public sealed class TextLoggerHookTests
{
    [Fact]
    public void A_line_has_position_rate_times_and_values()
    {
        ListLogger logger = new();
        Train(logger, new TextLoggerConfig { Interval = 2 });

        Lines(logger).Should().Equal(
            "Epoch [1][2/3]\tlr: 1.000e-01, eta: 0:00:02, time: 0.500, data_time: 0.000, acc: 0.2500",
            "Epoch [2][2/3]\tlr: 1.000e-01, eta: 0:00:00, time: 0.500, data_time: 0.000, acc: 0.2500");
    }

    [Fact]
    public void By_iteration_a_line_counts_iterations()
    {
        ListLogger logger = new();
        Train(logger, new TextLoggerConfig { Interval = 3, ByEpoch = false });

        Lines(logger).Should().Equal(
            "Iter [3/6]\tlr: 1.000e-01, eta: 0:00:01, time: 0.500, data_time: 0.000, acc: 0.2500",
            "Iter [6/6]\tlr: 1.000e-01, eta: 0:00:00, time: 0.500, data_time: 0.000, acc: 0.2500");
    }

    [Fact]
    public void Without_the_timer_a_line_is_taken_for_that_of_a_validation()
    {
        ListLogger logger = new();
        Train(logger, new TextLoggerConfig { Interval = 3 }, timer: false);

        Lines(logger).Should().Equal("Epoch(val) [1][3]\tacc: 0.2500", "Epoch(val) [2][3]\tacc: 0.2500");
    }

    [Theory]
    [InlineData(true, 1000, 2)]
    [InlineData(true, 2, 4)]
    [InlineData(false, 2, 3)]
    [InlineData(false, 1000, 0)]
    public void The_name_of_the_experiment_is_repeated(bool byEpoch, int interval, int times)
    {
        ListLogger logger = new();
        Train(logger, new TextLoggerConfig { Interval = 1, ByEpoch = byEpoch, IntervalExpName = interval }, meta: new RunnerMeta { ["exp_name"] = "toy" });

        logger.Lines.Count(line => line == "Exp name: toy").Should().Be(times);
    }

    [Theory]
    [InlineData(null, "None")]
    [InlineData(true, "True")]
    [InlineData(false, "False")]
    [InlineData(12.0, "12.0")]
    public void A_name_that_is_no_text_is_printed_as_Python_prints_it(object? name, string printed)
    {
        ListLogger logger = new();
        PthValue value = name switch { bool flag => flag, double number => number, _ => PthNone.Value };
        Train(logger, new TextLoggerConfig { Interval = 1 }, meta: new RunnerMeta { ["exp_name"] = value });

        logger.Lines.Should().Contain($"Exp name: {printed}");
    }

    [Fact]
    public void Without_a_name_none_is_printed()
    {
        ListLogger logger = new();
        Train(logger, new TextLoggerConfig { Interval = 1 }, meta: new RunnerMeta { ["seed"] = 3 });

        logger.Lines.Should().NotContain(line => line.StartsWith("Exp name", StringComparison.Ordinal));
        Lines(logger).Should().HaveCount(6);
    }

    [Fact]
    public void The_json_file_has_meta_first_and_then_an_entry_for_each_line()
    {
        using TemporaryFolder folder = new();
        Train(new ListLogger(), new TextLoggerConfig { Interval = 2 }, meta: new RunnerMeta { ["exp_name"] = "toy", ["seed"] = 3 }, workDir: folder.Path);

        File.ReadAllText(folder.File("20240305_070809.log.json")).Should().Be(
            """
            {"exp_name": "toy", "seed": 3}
            {"mode": "train", "epoch": 1, "iter": 2, "lr": 0.1, "data_time": 0.0, "acc": 0.25, "time": 0.5}
            {"mode": "train", "epoch": 2, "iter": 2, "lr": 0.1, "data_time": 0.0, "acc": 0.25, "time": 0.5}

            """.ReplaceLineEndings("\n"));
    }

    /// <summary>Recorded with MMCV 1.7.2: <c>TextLoggerHook.before_run</c> of a runner with this meta.</summary>
    [Fact]
    public void Meta_is_written_as_mmcv_writes_it()
    {
        RunnerMeta meta = new()
        {
            ["a"] = 1,
            ["b"] = 1.0,
            ["c"] = true,
            ["d"] = PthNone.Value,
            ["e"] = PthSequence.List(1, PthSequence.List(2.123456789, PthSequence.Tuple(3.123456789, 4))),
            ["f"] = PthSequence.Tuple(1.123456789, 2),
            ["g"] = new PthDict { ["x"] = 1.123456789, ["y"] = PthSequence.List(1.123456789) },
            ["h"] = "übel\"\\\n\t\u0001\u007f/<>&\u2028😀",
            ["i"] = double.NaN,
            ["j"] = double.PositiveInfinity,
            ["k"] = double.NegativeInfinity,
        };
        meta.Set(1, "one");
        meta.Set(1.5, "two");
        meta.Set(PthNone.Value, PthSequence.List());
        meta.Defer("later", () => new PthDict { ["scale"] = 512.0 });

        FirstLine(meta, out ListLogger logger).Should().Be(
            """
            {"a": 1, "b": 1.0, "c": true, "d": null, "e": [1, [2.12346, [3.123456789, 4]]], "f": [1.123456789, 2], "g": {"x": 1.123456789, "y": [1.123456789]},
            """
            + """
             "h": "\u00fcbel\"\\\n\t\u0001\u007f/<>&\u2028\ud83d\ude00", "i": NaN, "j": Infinity, "k": -Infinity, "1": "one", "1.5": "two", "null": [],
            """
            + " \"later\": {\"scale\": 512.0}}");
        logger.Ours.Should().BeEmpty();
    }

    /// <summary>Recorded with MMCV 1.7.2, from the same file.</summary>
    [Fact]
    [Trait("Category", "Golden")]
    public void Arrays_of_numpy_and_sets_in_meta_become_lists_as_in_mmcv()
    {
        using PthFile file = PthFile.Read(Path.Combine(GoldenFile.PathOf("checkpoints"), "mmcv_dtypes_zip.pth"));
        PthDict saved = (PthDict)((PthDict)file.Root)["meta"];
        RunnerMeta meta = new();
        foreach (string name in new[] { "array", "array64", "npf", "unique" })
        {
            meta[name] = saved[name];
        }

        meta["inner"] = new PthDict { ["array"] = saved["array"], ["npf"] = saved["npf"] };
        meta["list"] = PthSequence.List(saved["npf"], saved["array64"]);

        FirstLine(meta, out ListLogger logger).Should().Be(
            """
            {"array": [0.0, 0.25, 0.5, 0.75], "array64": [[1, -2], [3, 4]], "npf": 2.5, "unique": [1, 2, 3],
            """
            + """
             "inner": {"array": [0.0, 0.25, 0.5, 0.75], "npf": 2.5}, "list": [2.5, [[1, -2], [3, 4]]]}
            """);
        logger.Ours.Should().BeEmpty();
    }

    [Fact]
    public void What_json_cannot_hold_is_left_out_and_named_once()
    {
        using StepModel model = new();
        using Tensor scale = ones(1);
        RunnerMeta meta = new() { ["seed"] = 3, ["raw"] = new PthBytes(new byte[] { 1 }), ["deep"] = PthSequence.List(1, new PthTensor(scale), 2) };
        meta.Set(PthSequence.Tuple(1, 2), "pair");
        meta.Section("env").Set(new PthBytes(new byte[] { 2 }), "key");
        meta.Section("env")["inner"] = new PthDict { ["raw"] = new PthBytes(new byte[] { 3 }) };

        FirstLine(meta, out ListLogger logger, new TextLoggerHook(), new TextLoggerHook()).Should().Be("{\"seed\": 3, \"deep\": [1, 2], \"env\": {\"inner\": {}}}");

        logger.Ours.Should().Equal((9040, "The JSON log lacks these parts of the runner's meta, which JSON cannot hold: raw (bytes), deep[1] (tensor), "
            + "meta (a key: tuple), env (a key: bytes), env.inner.raw (bytes). Use texts, numbers, lists, and dictionaries with texts as keys for what shall be read there."));
        meta.Count.Should().Be(5, "the meta itself is whole");
    }

    [Fact]
    public void Without_meta_the_json_file_starts_with_an_entry()
    {
        using TemporaryFolder folder = new();
        Train(new ListLogger(), new TextLoggerConfig { Interval = 3 }, workDir: folder.Path);

        File.ReadAllLines(folder.File("20240305_070809.log.json")).Should().HaveCount(2).And.OnlyContain(line => line.StartsWith("{\"mode\": ", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_work_folder_no_json_is_written()
    {
        string before = string.Join(';', Directory.GetFiles(Directory.GetCurrentDirectory(), "*.log.json"));

        Train(new ListLogger(), new TextLoggerConfig { Interval = 3 });

        string.Join(';', Directory.GetFiles(Directory.GetCurrentDirectory(), "*.log.json")).Should().Be(before);
    }

    [Fact]
    public void Json_values_are_rounded_to_five_digits_and_may_be_non_finite()
    {
        using TemporaryFolder folder = new();
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.123456789);
        using StubRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), WorkDir = folder.Path, Optimizer = optimizer });
        runner.RegisterHook(new TextLoggerHook());
        runner.Now.Mode = "val";
        runner.CallHook(HookStage.BeforeRun);
        runner.LogBuffer.Output["score"] = 0.000014;
        runner.LogBuffer.Output["bad"] = double.NaN;
        runner.LogBuffer.Output["big"] = double.PositiveInfinity;
        runner.LogBuffer.Ready = true;

        runner.CallHook(HookStage.AfterTrainEpoch);

        File.ReadAllText(Path.Combine(folder.Path, $"{runner.Timestamp}.log.json")).Should().Be(
            "{\"mode\": \"val\", \"epoch\": 0, \"iter\": 1, \"lr\": 0.12346, \"score\": 1e-05, \"bad\": NaN, \"big\": Infinity}\n");
    }

    /// <summary>Recorded with MMCV 1.7.2: a log buffer with these averages, and its <c>TextLoggerHook.log</c>.</summary>
    [Theory]
    [InlineData("train", true, false, "Epoch [1.5][2.75/8]\tlr: 2.500e-01, eta: 0:01:30, time: 1.000, data_time: 0.500, eta: 5.5000, acc: 0.5000", "\"train\"")]
    [InlineData("train", false, false, "Iter [2.75/100]\tlr: 2.500e-01, eta: 0:01:30, time: 1.000, data_time: 0.500, eta: 5.5000, acc: 0.5000", "\"train\"")]
    [InlineData("train", true, true, "Epoch(6.0) [1.5][2.75]\teta: 5.5000, acc: 0.5000", "6.0")]
    [InlineData("val", true, false, "Epoch(val) [1.5][2.75]\teta: 5.5000, acc: 0.5000", "\"val\"")]
    [InlineData("val", false, false, "Iter(val) [2.75]\teta: 5.5000, acc: 0.5000", "\"val\"")]
    public void Values_with_names_of_the_header_take_its_place_and_are_no_items(string mode, bool byEpoch, bool logsMode, string line, string shownMode)
    {
        LogVars values = new() { ["lr"] = 0.25, ["epoch"] = 1.5, ["iter"] = 2.75, ["memory"] = 3.5, ["Epoch"] = 4.5, ["eta"] = 5.5, ["acc"] = 0.5 };
        if (logsMode)
        {
            values["mode"] = 6.0;
        }

        (string[] lines, string json) = LogOnce(new TextLoggerConfig { ByEpoch = byEpoch }, mode, values, Sgd(0.065625));

        lines.Should().Equal(line);
        json.Should().Be(
            $"{{\"mode\": {shownMode}, \"epoch\": 1.5, \"iter\": 2.75, \"lr\": 0.25, \"time\": 1.0, \"data_time\": 0.5, \"memory\": 3.5, \"Epoch\": 4.5, "
            + "\"eta\": 5.5, \"acc\": 0.5}");
    }

    /// <summary>Recorded with MMCV 1.7.2.</summary>
    [Fact]
    public void A_value_named_lr_takes_the_place_of_named_rates_too()
    {
        (string[] lines, string json) = LogOnce(new TextLoggerConfig(), "train", new LogVars { ["lr"] = 0.25 }, Named());

        lines.Should().Equal("Epoch [3][5/8]\tlr: 2.500e-01, eta: 0:01:30, time: 1.000, data_time: 0.500, ");
        json.Should().StartWith("{\"mode\": \"train\", \"epoch\": 3, \"iter\": 5, \"lr\": 0.25, ");
    }

    /// <summary>Recorded with MMCV 1.7.2: numpy rounds averages, Python rounds its own floats, and a dictionary of rates is not rounded.</summary>
    [Fact]
    public void Json_numbers_round_as_their_kind_rounds_in_mmcv()
    {
        LogVars averaged = new() { ["a"] = 0.065625, ["b"] = 1.154375, ["c"] = -0.000001 };
        (_, string json) = LogOnce(new TextLoggerConfig(), "val", averaged, Sgd(0.065625), output => (output["d"], output["e"]) = (0.065625, 1.154375));
        (_, string named) = LogOnce(new TextLoggerConfig(), "train", new LogVars { ["acc"] = 0.5 }, Named());

        json.Should().Be("{\"mode\": \"val\", \"epoch\": 2, \"iter\": 5, \"lr\": 0.06563, \"time\": 1.0, \"data_time\": 0.5, \"a\": 0.06562, \"b\": 1.15438, "
            + "\"c\": -0.0, \"d\": 0.06563, \"e\": 1.15437}");
        named.Should().Contain("\"lr\": {\"gen\": 0.0123456789, \"disc\": 1e-07}");
    }

    /// <summary>Recorded with MMCV 1.7.2: it shows how many batches an evaluation had in place of the iteration, once.</summary>
    [Fact]
    public void The_number_of_batches_of_an_evaluation_is_shown_as_the_iteration()
    {
        (string[] lines, string json) = LogOnce(new TextLoggerConfig(), "val", new LogVars { ["acc"] = 0.5 }, Sgd(0.1), output => output["eval_iter_num"] = 12);

        lines.Should().Equal("Epoch(val) [2][12]\tacc: 0.5000");
        json.Should().Contain("\"iter\": 12, ").And.NotContain("eval_iter_num");
    }

    /// <summary>Recorded with MMCV 1.7.2: an average is a float there, whatever was averaged.</summary>
    [Fact]
    public void A_number_of_batches_that_was_averaged_is_shown_as_a_float()
    {
        (string[] lines, string json) = LogOnce(new TextLoggerConfig(), "val", new LogVars { ["eval_iter_num"] = 12, ["acc"] = 0.5 }, Sgd(0.1));

        lines.Should().Equal("Epoch(val) [2][12.0]\tacc: 0.5000");
        json.Should().Contain("\"iter\": 12.0, ").And.NotContain("eval_iter_num");
    }

    [Fact]
    public void Rates_of_several_optimizers_are_named()
    {
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using StepModel model = new();
        using optim.Optimizer generator = optim.SGD(model.parameters(), 0.5);
        using optim.Optimizer discriminator = optim.SGD(model.parameters(), 0.25);
        OptimizerSet set = new([KeyValuePair.Create("gen", generator), KeyValuePair.Create("disc", discriminator)]);
        using StubRunner runner = new(model, new RunnerOptions { Logger = logger, WorkDir = folder.Path, Optimizer = set });
        runner.RegisterHook(new TextLoggerHook());
        (runner.Now.Mode, runner.Now.DataLoader, runner.Now.MaxIters) = ("train", ToyDataset.Loader(2), 1);
        runner.CallHook(HookStage.BeforeRun);
        (runner.LogBuffer.Output["time"], runner.LogBuffer.Output["data_time"], runner.LogBuffer.Ready) = (1, 0, true);

        runner.CallHook(HookStage.AfterTrainEpoch);

        logger.Lines.Should().Equal("Epoch [1][1/1]\tlr_gen: 5.000e-01 lr_disc: 2.500e-01, eta: 0:00:00, time: 1.000, data_time: 0.000, ");
        File.ReadAllText(Path.Combine(folder.Path, $"{runner.Timestamp}.log.json")).Should().Contain("\"lr\": {\"gen\": 0.5, \"disc\": 0.25}");
    }

    [Fact]
    public void It_is_called_at_the_points_of_mmcv() => new TextLoggerHook().GetTriggeredStages().Should().Equal(
        HookStage.BeforeRun,
        HookStage.BeforeTrainEpoch,
        HookStage.AfterTrainIter,
        HookStage.AfterTrainEpoch,
        HookStage.BeforeValEpoch,
        HookStage.AfterValEpoch,
        HookStage.AfterRun);

    private static (string[] Lines, string Json) LogOnce(
        TextLoggerConfig config, string mode, LogVars values, OptimizerSet optimizers, Action<OrderedDictionary<string, double>>? put = null)
    {
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using StepModel model = new();
        using StubRunner runner = new(model, new RunnerOptions { Logger = logger, WorkDir = folder.Path, Optimizer = optimizers });
        runner.RegisterHook(config.Build());
        runner.CallHook(HookStage.BeforeRun);
        (runner.Now.Mode, runner.Now.Epoch, runner.Now.Iter, runner.Now.InnerIter) = (mode, 2, 9, 4);
        (runner.Now.DataLoader, runner.Now.MaxIters) = (ToyDataset.Loader(16), 100);
        runner.LogBuffer.Update(new LogVars { ["time"] = 1.0, ["data_time"] = 0.5 });
        runner.LogBuffer.Update(values);
        runner.LogBuffer.Average();
        put?.Invoke(runner.LogBuffer.Output);
        runner.CallHook(HookStage.AfterTrainEpoch);
        return ([.. logger.Lines], File.ReadAllLines(folder.File($"{runner.Timestamp}.log.json")).Single());
    }

    private static OptimizerSet Sgd(double lr) => new(optim.SGD([new TorchSharp.Modules.Parameter(zeros(1))], lr));

    private static OptimizerSet Named() => new(
    [
        KeyValuePair.Create<string, optim.Optimizer>("gen", optim.SGD([new TorchSharp.Modules.Parameter(zeros(1))], 0.0123456789)),
        KeyValuePair.Create<string, optim.Optimizer>("disc", optim.SGD([new TorchSharp.Modules.Parameter(zeros(1))], 1e-7)),
    ]);

    private static string FirstLine(RunnerMeta meta, out ListLogger logger, params Hook[] hooks)
    {
        using TemporaryFolder folder = new();
        logger = new ListLogger();
        using StubRunner runner = new(new RunnerOptions { Logger = logger, WorkDir = folder.Path, Meta = meta });
        foreach (Hook hook in hooks.DefaultIfEmpty(new TextLoggerHook()))
        {
            runner.RegisterHook(hook);
        }

        runner.CallHook(HookStage.BeforeRun);
        return File.ReadAllLines(folder.File($"{runner.Timestamp}.log.json"))[0];
    }

    private static IEnumerable<string> Lines(ListLogger logger) =>
        logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal) || line.StartsWith("Iter", StringComparison.Ordinal));

    private static void Train(ListLogger logger, TextLoggerConfig config, bool timer = true, RunnerMeta? meta = null, string? workDir = null)
    {
        FakeTimeProvider time = new(new DateTimeOffset(2024, 3, 5, 7, 8, 9, TimeSpan.Zero));
        time.SetLocalTimeZone(TimeZoneInfo.Utc);
        using StepModel model = new((_, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
            return new StepOutputs { NumSamples = 2, LogVars = new LogVars { ["acc"] = 0.25 } };
        });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(
            model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 2, Time = time, Meta = meta, WorkDir = workDir });
        runner.RegisterTrainingHooks(new TrainingHookOptions { TimerConfig = timer ? new IterTimerConfig() : null, LogConfig = new LogConfig { Interval = 99, Hooks = [config] } });
        runner.Run([ToyDataset.Loader(6)], [("train", 1)]);
    }
}
