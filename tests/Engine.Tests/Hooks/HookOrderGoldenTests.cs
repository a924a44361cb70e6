using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Hooks;

/// <summary>The order of hooks in MMEngine's runner, its description, and the calls that its loops make.</summary>
[Trait("Category", "Golden")]
public sealed class HookOrderGoldenTests
{
    // These do not exist yet; they are taken out of what was recorded.
    private static readonly string[] NotYet = ["CheckpointHook", "EmptyCacheHook"];

    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("hook_order.json").GetProperty("cases").EnumerateArray().Where(one => Id(one).StartsWith("mmengine/", StringComparison.Ordinal))];

    public static TheoryData<string> Orders => [.. Cases.Where(one => Kind(one) == "order").Select(Id)];

    public static TheoryData<string> Calls => [.. Cases.Where(one => Kind(one) == "calls").Select(Id)];

    [Theory]
    [MemberData(nameof(Orders))]
    public void Hooks_are_in_the_order_of_the_original_and_described_in_its_words(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        if (golden.TryGetProperty("error", out _))
        {
            JsonElement wrong = golden.GetProperty("priorities")[0];
            if (wrong.ValueKind == JsonValueKind.Number && !wrong.TryGetInt32(out _))
            {
                return;                                               // ruled out by type HookPriority: it is made of a whole number
            }

            FluentActions.Invoking(() => Priority(wrong)).Should().Throw<Exception>().Which.Should()
                .Match(exception => exception is ArgumentOutOfRangeException || exception is KeyNotFoundException);
            return;
        }

        JsonElement[] priorities = [.. golden.GetProperty("priorities").EnumerateArray()];
        JsonElement[] own = golden.TryGetProperty("class_priorities", out JsonElement classes) ? [.. classes.EnumerateArray()] : [];
        List<UserHook> users = [.. priorities.Select((_, index) => new UserHook(index < own.Length ? Priority(own[index]) : null))];
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { DefaultHooks = Defaults(golden.GetProperty("default_hooks")) });
        foreach ((UserHook user, JsonElement priority) in users.Zip(priorities))
        {
            runner.RegisterHook(user, Priority(priority));
        }

        JsonElement[] expected = [.. golden.GetProperty("hooks").EnumerateArray().Where(hook => !NotYet.Contains(hook[0].GetString()))];
        runner.Hooks.All.Select(hook => hook is UserHook user ? $"User{users.IndexOf(user)}" : hook.Name).Should().Equal(expected.Select(hook => hook[0].GetString()!));
        runner.Hooks.All.Select(hook => runner.Hooks.PriorityOf(hook)).Should().Equal(expected.Select(hook => Priority(hook[1])!.Value));
        Paragraphs(runner.Hooks.Describe()).Should().Equal(Paragraphs(golden.GetProperty("hook_info").GetString()!));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Loops_call_the_points_that_the_original_calls(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        int? stopAfter = golden.TryGetProperty("stop_after_epoch", out JsonElement epoch) ? epoch.GetInt32() : null;
        CallsHook hook = new(general: true)
        {
            OnCall = (runner, stage) =>
            {
                if (stage == "after_train_epoch" && runner.Progress.Epoch + 1 == stopAfter)
                {
                    runner.TrainLoop!.StopTraining = true;
                }
            },
        };
        using TestRun run = new();
        Runner runner = run.Make(Options(golden, run), hook);

        switch (golden.TryGetProperty("action", out JsonElement action) ? action.GetString() : "train")
        {
            case "val":
                runner.Val();
                break;
            case "test":
                runner.Test();
                break;
            default:
                runner.Train();
                break;
        }

        hook.Calls.Should().Equal(CallsHook.Read(golden.GetProperty("calls")).Where(call => !call.Contains("checkpoint", StringComparison.Ordinal)));
        if (golden.TryGetProperty("end", out JsonElement end))
        {
            (runner.Progress.Epoch, runner.Progress.Iter).Should().Be((end.GetProperty("epoch").GetInt32(), end.GetProperty("iter").GetInt32()));
        }
    }

    private static string Id(JsonElement golden) => golden.GetProperty("id").GetString()!;

    private static string Kind(JsonElement golden) => golden.GetProperty("kind").GetString()!;

    private static HookPriority? Priority(JsonElement priority) => priority.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => priority.GetInt32(),
        _ => HookPriority.Parse(priority.GetString()!),
    };

    private static DefaultHooks Defaults(JsonElement config) => config.ValueKind switch
    {
        JsonValueKind.False => new() { RuntimeInfo = false, Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
        JsonValueKind.Object when config.TryGetProperty("timer", out JsonElement timer) && timer.ValueKind == JsonValueKind.Null => new() { Timer = false },
        _ => new(),
    };

    // Point by point. The points before and after a run belong to the JSON log of LoggerHook, which is still to come.
    private static IEnumerable<string> Paragraphs(string info) => info
        .Split(" -------------------- ", StringSplitOptions.RemoveEmptyEntries)
        .Select(paragraph => paragraph.Trim('\n').Split('\n'))
        .Select(lines => lines.Where(line => !NotYet.Any(name => line.Contains(name, StringComparison.Ordinal))
            && !(lines[0] is "before_run:" or "after_run:" && line.Contains("LoggerHook", StringComparison.Ordinal))).ToArray())
        .Where(lines => lines.Length > 1)
        .Select(lines => string.Join('\n', lines));

    private static RunnerOptions Options(JsonElement golden, TestRun run)
    {
        RunnerOptions options = golden.GetProperty("train_cfg") is { ValueKind: JsonValueKind.Object } config
            ? run.Options with { TrainCfg = GoldenLoop.Read(config), TrainDataloader = new BatchLoader(new RampDataset(golden.GetProperty("train_len").GetInt32())) }
            : run.Options with { TrainCfg = null, TrainDataloader = null, OptimWrapper = null };
        int length = golden.GetProperty("val_len").GetInt32();
        return length == 0 ? options : options with
        {
            ValDataloader = new BatchLoader(new RampDataset(length)),
            ValEvaluator = new Evaluator(new ConstantMetric("m", 1)),
            TestDataloader = new BatchLoader(new RampDataset(length)),
            TestEvaluator = new Evaluator(new ConstantMetric("m", 1)),
        };
    }

    private sealed class UserHook(HookPriority? priority) : Hook
    {
        public override HookPriority Priority => priority ?? base.Priority;
    }
}
