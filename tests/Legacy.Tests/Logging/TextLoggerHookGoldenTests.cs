using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Microsoft.Extensions.Time.Testing;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Logging;

/// <summary>Lines of MMCV's TextLoggerHook, alone and in whole runs with an artificial clock.</summary>
[Trait("Category", "Golden")]
public sealed class TextLoggerHookGoldenTests
{
    private static readonly GoldenCases File = new("log_buffers.json");

    // The recorded hook was handed its entry; ours reads the runner. So a case is out in which the entry says what no runner could:
    // a training entry without time, an iteration other than the runner's, or a value that is no number (LogBuffer holds doubles).
    public static TheoryData<string> Lines => File.Where(entry => entry.GetProperty("kind").GetString() == "text_line"
        && entry.GetProperty("logs").EnumerateArray().All(log => log.GetProperty("mode").GetString() != "train" || log.TryGetProperty("time", out _))
        && entry.GetProperty("logs").EnumerateArray().All(log => Values(log).All(value => value.Value.IsNumber()))
        && (!entry.GetProperty("runner").TryGetProperty("inner_iter", out JsonElement inner)
            || entry.GetProperty("logs").EnumerateArray().All(log => log.GetProperty("iter").GetInt32() == inner.GetInt32() + 1)));

    public static TheoryData<string> Runs => File.Where(entry =>
        entry.GetProperty("kind").GetString() == "run" && GoldenCases.Text(entry, "library") == "mmcv");

    [Theory]
    [MemberData(nameof(Lines))]
    public void Lines_are_those_of_mmcv_character_for_character(string id)
    {
        JsonElement golden = File[id];
        JsonElement counters = golden.GetProperty("runner");
        JsonElement[] logs = [.. golden.GetProperty("logs").EnumerateArray()];
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using StepModel model = new();
        using StubRunner runner = new(model, new RunnerOptions { Logger = logger, WorkDir = folder.Path, Optimizer = Optimizers(logs[0].GetProperty("lr")) });
        runner.RegisterHook(new TextLoggerConfig
        {
            ByEpoch = golden.GetProperty("by_epoch").GetBoolean(),
            Interval = golden.GetProperty("interval").GetInt32(),
        }.Build());
        runner.Now.DataLoader = ToyDataset.Loader(2 * counters.GetProperty("loader_len").GetInt32());
        runner.Now.MaxIters = counters.GetProperty("max_iters").GetInt32();
        runner.Now.Iter = counters.GetProperty("start_iter").GetInt32();
        runner.CallHook(HookStage.BeforeRun);

        for (int i = 0; i < logs.Length; i++)
        {
            int step = counters.TryGetProperty("iter_step", out JsonElement value) ? value.GetInt32() : 0;
            Place(runner, logs[i], counters.GetProperty("iter").GetInt32() + (i * step));
            runner.CallHook(HookStage.AfterTrainEpoch);
        }

        logger.Lines.Should().Equal(Strings(golden, "lines"));
        Json(runner).Should().Equal(Strings(golden, "json_lines"));
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void Runs_log_what_mmcv_logs_character_for_character(string id)
    {
        JsonElement golden = File[id];
        FakeTimeProvider time = new();
        double[] losses = GoldenCases.Numbers(golden.GetProperty("losses"));
        double[] samples = GoldenCases.Numbers(golden.GetProperty("samples"));
        int steps = 0;
        using ValStepModel model = new((_, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(golden.GetProperty("step_seconds").Number()));
            int step = steps++;
            return new StepOutputs { NumSamples = (int)samples[step], LogVars = new() { ["loss"] = losses[step] } };
        });
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        RunnerOptions options = new() { Logger = logger, Optimizer = optimizer, WorkDir = folder.Path, Time = time };
        using WorkflowRunner runner = GoldenCases.Has(golden, "max_epochs")
            ? new EpochBasedRunner(model, options with { MaxEpochs = golden.GetProperty("max_epochs").GetInt32() })
            : new IterBasedRunner(model, options with { MaxIters = golden.GetProperty("max_iters").GetInt32() });
        TextLoggerConfig config = new() { ByEpoch = golden.GetProperty("by_epoch").GetBoolean(), IgnoreLast = golden.GetProperty("ignore_last").GetBoolean() };
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LogConfig = new LogConfig { Interval = golden.GetProperty("interval").GetInt32(), Hooks = [config] },
        });
        WorkflowStep[] workflow =
            [.. golden.GetProperty("workflow").EnumerateArray().Select(flow => new WorkflowStep(flow[0].GetString()!, flow[1].GetInt32()))];
        TimeSpan wait = TimeSpan.FromSeconds(golden.GetProperty("data_seconds").Number());

        runner.Run(
            [.. workflow.Select(flow => new BatchLoader(new SlowDataset(time, wait, golden.GetProperty(flow.Mode == "train" ? "loader_len" : "val_len").GetInt32())))],
            workflow);

        logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal) || line.StartsWith("Iter", StringComparison.Ordinal))
            .Should().Equal(Strings(golden, "lines"));
        Json(runner).Should().Equal(Strings(golden, "json_lines"));
    }

    private static void Place(StubRunner runner, JsonElement log, int iter)
    {
        bool isTrain = log.GetProperty("mode").GetString() == "train";
        int printed = log.GetProperty("iter").GetInt32() - 1;
        runner.Now.Mode = isTrain ? "train" : "val";
        runner.Now.Epoch = log.GetProperty("epoch").GetInt32() - (isTrain ? 1 : 0);
        runner.Now.Iter = isTrain ? iter : printed;
        runner.Now.InnerIter = printed;
        foreach (JsonProperty value in Values(log))
        {
            runner.LogBuffer.Output[value.Name] = value.Value.Number();
        }

        runner.LogBuffer.Ready = true;
    }

    private static IEnumerable<JsonProperty> Values(JsonElement log) =>
        log.EnumerateObject().Where(entry => entry.Name is not ("mode" or "epoch" or "iter" or "lr"));

    private static OptimizerSet Optimizers(JsonElement lr) => lr.ValueKind == JsonValueKind.Number
        ? new OptimizerSet(Optimizer(lr))
        : new OptimizerSet(lr.EnumerateObject().Select(entry => KeyValuePair.Create<string, optim.Optimizer>(entry.Name, Optimizer(entry.Value))));

    private static SGD Optimizer(JsonElement lr) => optim.SGD([new Parameter(zeros(1))], lr.Number());

    private static IEnumerable<string> Strings(JsonElement golden, string name) => golden.GetProperty(name).EnumerateArray().Select(line => line.GetString()!);

    private static string[] Json(BaseRunner runner) => System.IO.File.ReadAllLines(Path.Combine(runner.WorkDir!, $"{runner.Timestamp}.log.json"));

    private sealed class SlowDataset(FakeTimeProvider time, TimeSpan wait, int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                time.Advance(wait);
                return new ToyBatch(ones(1), ones(1));
            }
        }
    }
}
