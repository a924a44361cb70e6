using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Loops;

/// <summary>The order in which MMEngine's loops call hooks, alone, one after the other and stopped at each stage; and what its runner refuses.</summary>
[Trait("Category", "Golden")]
public sealed class LoopCallsGoldenTests
{
    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("engine_loops.json").GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "calls")];

    public static TheoryData<string> Ids => [.. Cases.Select(Id)];

    [Fact]
    public void There_are_cases_and_nearly_all_are_really_executed()
    {
        Cases.Should().NotBeEmpty();
        Cases.Count(one => RuledOut(one) is null).Should().BeGreaterThan(Cases.Length * 8 / 10);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Stages_come_in_the_order_of_the_original(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        string[] expected = CallsHook.Read(golden.GetProperty("calls"));
        bool isError = golden.TryGetProperty("error", out _);
        if (RuledOut(golden) is { } reason)
        {
            isError.Should().BeTrue(reason);
            return;
        }

        if (golden.TryGetProperty("val_len", out JsonElement length) && length.ValueKind == JsonValueKind.Number && length.GetInt32() == 0)
        {
            // The original measures nothing at all; a loader here has at least one batch.
            FluentActions.Invoking(() => new BatchLoader(new RampDataset(0))).Should().Throw<ArgumentException>();
            return;
        }

        List<double> returned = [];
        CallsHook hook = CallsHook.Scripted(golden);
        using BaseModel model = golden.TryGetProperty("no_val_step", out _) ? new StepModel() : new CountingModel();
        using TestRun run = new();
        Func<Runner> make = () => run.Make(Options(golden, run) with { Model = model }, hook);
        if (isError && expected.Length == 0)
        {
            FluentActions.Invoking(() => Act(make(), golden, returned)).Should().Throw<Exception>().Which.Should()
                .Match(exception => exception is ArgumentException || exception is InvalidOperationException);
            return;
        }

        Runner runner = make();
        Action act = () => Act(runner, golden, returned);
        if (isError)
        {
            act.Should().Throw<InterruptedException>();
        }
        else if (Actions(golden).Count(action => action == "train") > 1)
        {
            // The original calls hooks again without training, and reads batches that nobody looks at; here a runner trains once.
            act.Should().Throw<InvalidOperationException>().WithMessage("Training was started before. Make a new runner to train again.");
            expected = expected[..(Array.IndexOf(expected, expected.First(call => call.StartsWith("after_run", StringComparison.Ordinal))) + 1)];
        }
        else
        {
            act();
            returned.Should().Equal(golden.GetProperty("returned").EnumerateArray().Select(one =>
                one.ValueKind == JsonValueKind.String ? double.NaN : one.GetProperty("acc").Number()));
            LoopWarnings(run).Should().Equal(golden.GetProperty("log").EnumerateArray().Select(line => line[1].GetString()));
        }

        hook.Calls.Should().Equal(expected);
        if (golden.TryGetProperty("end", out JsonElement end))
        {
            (runner.Progress.Epoch, runner.Progress.Iter).Should().Be((end.GetProperty("epoch").GetInt32(), end.GetProperty("iter").GetInt32()));
        }
    }

    [Fact]
    public void A_stop_that_is_forgotten_is_seen()
    {
        Cases.Any(IsSeen).Should().BeTrue();

        static bool IsSeen(JsonElement golden)
        {
            if (!golden.TryGetProperty("script", out JsonElement script) || script.GetProperty("do").GetString() != "stop" || Actions(golden) is not ["train"])
            {
                return false;
            }

            CallsHook hook = new(modes: true);
            using CountingModel model = new();
            using TestRun run = new();
            run.Train(Options(golden, run) with { Model = model }, hook);
            return !hook.Calls.SequenceEqual(CallsHook.Read(golden.GetProperty("calls")));
        }
    }

    /// <summary>The lines of the loops themselves.</summary>
    internal static IEnumerable<string> LoopWarnings(TestRun run) => run.Logger.Warnings.Where(line =>
        line.StartsWith("Reach the end", StringComparison.Ordinal) || line.StartsWith("Advance dataloader", StringComparison.Ordinal));

    private static string Id(JsonElement golden) => golden.GetProperty("id").GetString()!;

    private static string[] Actions(JsonElement golden) => [.. golden.GetProperty("actions").EnumerateArray().Select(action => action.GetString()!)];

    private static string[] LeftOut(JsonElement golden) =>
        golden.TryGetProperty("leave_out", out JsonElement names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];

    private static string? RuledOut(JsonElement golden) =>
        LeftOut(golden).Any(name => name is "val_cfg" or "test_cfg") ? "ruled out by type RunnerOptions: these settings have a default"
        : Config(golden) is { } config ? GoldenLoop.RuledOut(config)
        : null;

    private static JsonElement? Config(JsonElement golden) =>
        golden.GetProperty("train_cfg") is { ValueKind: JsonValueKind.Object } config ? config : null;

    private static RunnerOptions Options(JsonElement golden, TestRun run)
    {
        double[] metrics = [.. golden.GetProperty("metrics").EnumerateArray().Select(one => one.GetProperty("acc").Number())];
        RunnerOptions options = Config(golden) is { } config
            ? run.Options with { TrainCfg = GoldenLoop.Read(config), TrainDataloader = Loader(golden, "iters_per_epoch") }
            : run.Options with { TrainCfg = null, TrainDataloader = null, OptimWrapper = null };
        BatchLoader? val = Loader(golden, "val_len");
        BatchLoader? test = Loader(golden, "test_len");
        options = options with
        {
            DefaultHooks = new() { RuntimeInfo = false, Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
            ValDataloader = val,
            ValEvaluator = val is null ? null : new Evaluator(new ConstantMetric("acc", metrics)),
            TestDataloader = test,
            TestEvaluator = test is null ? null : new Evaluator(new ConstantMetric("acc", metrics)),
        };
        return LeftOut(golden).Aggregate(options, (rest, name) => name switch
        {
            "train_dataloader" => rest with { TrainDataloader = null },
            "train_cfg" => rest with { TrainCfg = null },
            "optim_wrapper" => rest with { OptimWrapper = null },
            "val_dataloader" => rest with { ValDataloader = null },
            "val_evaluator" => rest with { ValEvaluator = null },
            "test_dataloader" => rest with { TestDataloader = null },
            "test_evaluator" => rest with { TestEvaluator = null },
            _ => throw new NotSupportedException($"The golden file leaves out {name}."),
        });
    }

    private static BatchLoader? Loader(JsonElement golden, string length) =>
        golden.GetProperty(length) is { ValueKind: JsonValueKind.Number } count ? new BatchLoader(new RampDataset(count.GetInt32())) : null;

    private static void Act(Runner runner, JsonElement golden, List<double> returned)
    {
        foreach (string action in Actions(golden))
        {
            if (action == "train")
            {
                runner.Train().Should().BeSameAs(runner.Model);
                returned.Add(double.NaN);                           // the model
            }
            else
            {
                IReadOnlyDictionary<string, MetricValue> metrics = action == "val" ? runner.Val() : runner.Test();
                returned.Add(metrics["acc"].Number);
            }
        }
    }

    /// <summary>A model with a training step and nothing else.</summary>
    private sealed class StepModel : CountingModel
    {
        protected override bool CanPredict => false;
    }
}
