using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>Whole runs of both of MMCV's runners: every iteration with its batch or log values, what samplers are told, the log buffer, all log lines.</summary>
[Trait("Category", "Golden")]
public sealed partial class WorkflowGoldenTests
{
    private static readonly GoldenCases File = new("legacy_runners.json");

    // What a case may say; others need resuming, checkpoints, other nets or optimizers, hooks by configuration, or hooks that are not there yet.
    private static readonly string[] Known =
        ["id", "runner", "max", "x", "val_x", "w0", "workflow", "batch_size", "meta", "sampler", "output", "loaders_missing", "runner_args", "runs", "error", "error_at"];

    public static TheoryData<string> Cases => File.Where(entry => GoldenCases.Has(entry, "runner") && entry.EnumerateObject().All(IsKnown));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Runs_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        if (IsRuledOutByType(golden))
        {
            GoldenCases.Has(golden, "error").Should().BeTrue();
            return;
        }

        List<string> trace = [];
        ListLogger logger = new();
        using CounterModel model = new(golden);
        Action<WorkflowRunner> atEnd = _ => { };
        Action run = () => Run(golden, model, logger, trace, inner => atEnd(inner));
        JsonElement recorded = golden.GetProperty("runs")[0];
        if (GoldenCases.Has(golden, "error") || golden.GetProperty("x").GetArrayLength() == 0)
        {
            run.Should().Throw<Exception>("also without data, where MMCV's epochs train nothing in silence");
            trace.Should().BeEmpty();
            return;
        }

        atEnd = runner => (runner.Epoch, runner.Iter, runner.InnerIter).Should().Be(Counters(recorded.GetProperty("end")));
        run();

        if (recorded.TryGetProperty("trace", out JsonElement expected))
        {
            trace.Should().Equal(expected.EnumerateArray().Select(Expected));
        }

        logger.LinesOfTheOriginals.Skip(3).Select(line => Times().Replace(line, "$1: *")).Should().Equal(
            recorded.GetProperty("messages").EnumerateArray().Select(message => message.GetString()!));
    }

    [GeneratedRegex("(eta|time|data_time): (\\d+ days?, )?[^,]*")]
    private static partial Regex Times();

    private static bool IsKnown(JsonProperty entry) => entry.Name switch
    {
        "training_hooks" => entry.Value.EnumerateObject().All(hook => hook.Name == "log_config" && hook.Value.TryGetProperty("interval", out _)),
        "hooks" => entry.Value.EnumerateArray().All(hook => GoldenCases.Text(hook, "type") == nameof(DistSamplerSeedHook)),
        _ => Known.Contains(entry.Name),
    };

    // A mode is a text, and a step returns StepOutputs.
    private static bool IsRuledOutByType(JsonElement golden) =>
        GoldenCases.Text(golden, "output") is "tuple" or "val_tuple"
        || Workflow(golden).EnumerateArray().Any(flow => flow[0].ValueKind != JsonValueKind.String);

    private static void Run(JsonElement golden, CounterModel model, ListLogger logger, List<string> trace, Action<WorkflowRunner> atEnd)
    {
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.5);
        RunnerOptions options = new() { Logger = logger, Optimizer = optimizer, Meta = Meta(golden) };
        if (golden.TryGetProperty("runner_args", out JsonElement more))
        {
            options = options with { MaxIters = more.GetProperty("max_iters").GetInt32() };
        }

        int? max = golden.GetProperty("max") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null;
        using WorkflowRunner runner = GoldenRunner.Make(model, golden, max, options);
        RegisterHooks(runner, golden, trace);
        WorkflowStep[] workflow = [.. Workflow(golden).EnumerateArray().Select(flow => new WorkflowStep(flow[0].GetString()!, flow[1].GetInt32()))];
        int missing = golden.TryGetProperty("loaders_missing", out JsonElement count) ? count.GetInt32() : 0;
        runner.Run([.. workflow.Select((flow, index) => Loader(golden, flow.Mode, index, trace)).SkipLast(missing)], workflow);
        atEnd(runner);
    }

    private static void RegisterHooks(WorkflowRunner runner, JsonElement golden, List<string> trace)
    {
        if (golden.TryGetProperty("training_hooks", out JsonElement training))
        {
            runner.RegisterTrainingHooks(new()
            {
                OptimizerConfig = new OptimizerConfig(),
                LogConfig = training.TryGetProperty("log_config", out JsonElement log) ? Log(log) : null,
            });
        }

        if (golden.TryGetProperty("hooks", out JsonElement hooks) && hooks.GetArrayLength() > 0)
        {
            runner.RegisterHook(new DistSamplerSeedHook());
        }

        if (GoldenRunner.IsByIter(golden) && golden.TryGetProperty("training_hooks", out _))
        {
            runner.RegisterHook(new IterHook((point, inner) => trace.Add(History(point, inner))), 80);
        }

        bool showsBatches = golden.TryGetProperty("sampler", out _) || golden.TryGetProperty("hooks", out _);
        runner.RegisterHook(new IterHook((point, inner) => trace.Add(Iteration(point, inner, showsBatches))), HookPriority.Lowest);
    }

    private static LogConfig Log(JsonElement log) => new()
    {
        Interval = log.GetProperty("interval").GetInt32(),
        Hooks =
        [
            .. log.GetProperty("hooks").EnumerateArray().Select(hook =>
            {
                TextLoggerConfig config = new();
                return config with
                {
                    Interval = hook.TryGetProperty("interval", out JsonElement interval) ? interval.GetInt32() : null,
                    ByEpoch = hook.TryGetProperty("by_epoch", out JsonElement byEpoch) ? byEpoch.GetBoolean() : null,
                    IgnoreLast = hook.TryGetProperty("ignore_last", out JsonElement ignoreLast) ? ignoreLast.GetBoolean() : config.IgnoreLast,
                    IntervalExpName = hook.TryGetProperty("interval_exp_name", out JsonElement name) ? name.GetInt32() : config.IntervalExpName,
                };
            }),
        ],
    };

    private static JsonElement Workflow(JsonElement golden) =>
        golden.TryGetProperty("workflow", out JsonElement workflow) ? workflow : JsonDocument.Parse("[[\"train\", 1]]").RootElement;

    private static RunnerMeta? Meta(JsonElement golden) =>
        golden.TryGetProperty("meta", out JsonElement meta) ? new() { ["exp_name"] = meta.GetProperty("exp_name").GetString()! } : null;

    private static BatchLoader Loader(JsonElement golden, string mode, int index, List<string> trace)
    {
        double[] values = mode == "val" ? ValValues(golden) : GoldenCases.Numbers(golden.GetProperty("x"));
        // What stands in a batch sampler is told by the hook only; for that our loader has no place, so it is a sampler that nobody can tell.
        bool isTold = GoldenCases.Text(golden, "sampler") == "rotate" || (GoldenCases.Text(golden, "sampler") == "batch_sampler" && !GoldenRunner.IsByIter(golden));
        return new(new NumberDataset(values), new()
        {
            BatchSize = golden.TryGetProperty("batch_size", out JsonElement size) ? size.GetInt32() : 1,
            Sampler = isTold ? new RotatingSampler(values.Length, epoch => trace.Add($"set_epoch {mode}{index} {epoch}")) : null,
        });
    }

    private static double[] ValValues(JsonElement golden) => golden.TryGetProperty("val_x", out JsonElement values) ? GoldenCases.Numbers(values) : [1, 2];

    private static (int Epoch, int Iter, int InnerIter) Counters(JsonElement end) =>
        (end.GetProperty("epoch").GetInt32(), end.GetProperty("iter").GetInt32(), end.GetProperty("inner_iter").GetInt32());

    private static string Iteration(string point, BaseRunner runner, bool showsBatches)
    {
        IEnumerable<string> values = showsBatches
            ? CounterModel.Values(runner.DataBatch!).Select(Text)
            : (runner.Outputs!.LogVars ?? []).Select(entry => $"{entry.Key} {Text(entry.Value.Read())}");
        return $"{(point == "after_train_iter" ? "train" : "val")} {runner.Mode} {runner.Epoch} {runner.Iter} {runner.InnerIter}: {string.Join(' ', values)}";
    }

    // The average over everything tells values and counts of each name.
    private static string History(string point, BaseRunner runner)
    {
        runner.LogBuffer.Average();
        string names = string.Join(' ', runner.LogBuffer.Output.Where(entry => entry.Key is not ("time" or "data_time")).Select(entry => $"{entry.Key} {Text(entry.Value)}"));
        runner.LogBuffer.ClearOutput();
        return $"history {point}: {names}";
    }

    private static string Expected(JsonElement entry) => entry[0].GetString() switch
    {
        "set_epoch" => $"set_epoch {entry[1].GetString()} {entry[2].GetInt32()}",
        "history" => $"history {entry[1].GetString()}: {string.Join(' ', entry[2].EnumerateObject().Select(name => $"{name.Name} {Text(Average(name, entry[3]))}"))}",
        string mode => $"{mode} {entry[1].GetString()} {entry[2].GetInt32()} {entry[3].GetInt32()} {entry[4].GetInt32()}: {ExpectedValues(entry[5])}",
        null => throw new InvalidDataException("An entry has no kind."),
    };

    private static string ExpectedValues(JsonElement values) => string.Join(' ', values.ValueKind == JsonValueKind.Array
        ? GoldenCases.Numbers(values).Select(Text)
        : values.EnumerateObject().Select(value => $"{value.Name} {Text(value.Value.Number())}"));

    private static double Average(JsonProperty name, JsonElement counts)
    {
        double[] weights = GoldenCases.Numbers(counts.GetProperty(name.Name));
        return GoldenCases.Numbers(name.Value).Zip(weights, (value, weight) => value * weight).Sum() / weights.Sum();
    }

    private static string Text(double number) => number.ToString("G6", CultureInfo.InvariantCulture);

    private sealed class IterHook(Action<string, BaseRunner> action) : Hook
    {
        public override void AfterTrainIter(BaseRunner runner) => action("after_train_iter", runner);

        public override void AfterValIter(BaseRunner runner) => action("after_val_iter", runner);
    }
}
