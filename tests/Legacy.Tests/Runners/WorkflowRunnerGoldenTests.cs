using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;

namespace Compat.Legacy.Tests.Runners;

/// <summary>The exact sequence of calls of MMCV's runners, with the counters that hooks see.</summary>
[Trait("Category", "Golden")]
public sealed class WorkflowRunnerGoldenTests
{
    private static readonly GoldenCases File = new("hook_order.json");

    public static TheoryData<string> Cases => File.Where(entry =>
        entry.GetProperty("kind").GetString() == "calls" && GoldenCases.Text(entry, "runner") is "EpochBasedRunner" or "IterBasedRunner");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Calls_and_counters_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        WorkflowStep[] workflow =
            [.. golden.GetProperty("workflow").EnumerateArray().Select(flow => new WorkflowStep(flow[0].GetString()!, flow[1].GetInt32()))];
        using ValStepModel model = new();
        using WorkflowRunner runner = GoldenRunner.Make(model, golden, golden.GetProperty("n").GetInt32(), new RunnerOptions { Logger = new ListLogger() });
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        runner.Run([.. workflow.Select(flow => ToyDataset.Loader(2 * golden.GetProperty($"{flow.Mode}_len").GetInt32()))], workflow);

        recorder.Calls.Should().Equal(golden.GetProperty("calls").EnumerateArray().Select(Line));
        JsonElement end = golden.GetProperty("end");
        (runner.Epoch, runner.Iter, runner.InnerIter).Should().Be(
            (end.GetProperty("epoch").GetInt32(), end.GetProperty("iter").GetInt32(), end.GetProperty("inner_iter").GetInt32()));
    }

    private static string Line(JsonElement call) => CallRecorder.Line(
        call[0].GetString()!, call[1].GetString(), call[2].GetInt32(), call[3].GetInt32(), call[4].GetInt32(), Limit(call[5]), Limit(call[6]));

    private static int? Limit(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.GetInt32();
}
