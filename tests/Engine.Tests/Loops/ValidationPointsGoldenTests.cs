using System.Text.Json;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Loops;

/// <summary>Which epochs and iterations MMEngine's loops validate, and with which interval in force.</summary>
[Trait("Category", "Golden")]
public sealed class ValidationPointsGoldenTests
{
    private static readonly JsonElement[] Cases =
        [.. GoldenFile.Read("engine_loops.json").GetProperty("cases").EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "points")];

    public static TheoryData<string> Ids => [.. Cases.Select(Id)];

    [Fact]
    public void There_are_cases_and_nearly_all_are_really_executed()
    {
        Cases.Should().NotBeEmpty();
        Cases.Count(one => GoldenLoop.RuledOut(Config(one)) is null && !IsRefused(one)).Should().BeGreaterThan(Cases.Length * 8 / 10);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Validations_follow_where_those_of_the_original_do(string id)
    {
        JsonElement golden = Cases.Single(one => Id(one) == id);
        JsonElement config = Config(golden);
        if (GoldenLoop.RuledOut(config) is not null)
        {
            golden.TryGetProperty("error", out _).Should().BeTrue("only what the original refuses may be ruled out by type");
            return;
        }

        if (IsRefused(golden))
        {
            // Where the original ends with a division by zero, trains on nothing, or takes a number below its range for another one.
            FluentActions.Invoking(() => Train(golden)).Should().Throw<ArgumentException>();
            return;
        }

        PointsHook hook = Train(golden);

        hook.Validations.Should().Equal(Pairs(golden.GetProperty("validations")));
        hook.Intervals.Should().Equal(
            golden.GetProperty("intervals").EnumerateArray().Select(row => (row[0].GetInt32(), row[1].GetInt32(), (int)row[2].Number())));
        if (golden.TryGetProperty("end", out JsonElement end))
        {
            string[] names = ["epoch", "iter", "max_epochs", "max_iters", "val_interval"];
            hook.End.Should().Equal(names.Select(name => (int)end.GetProperty(name).Number()));
        }
    }

    private static string Id(JsonElement golden) => golden.GetProperty("id").GetString()!;

    private static JsonElement Config(JsonElement golden) => golden.GetProperty("train_cfg");

    private static bool IsRefused(JsonElement golden) => GoldenLoop.IsRefused(Config(golden)) || golden.GetProperty("iters_per_epoch").GetInt32() == 0;

    private static (int, int)[] Pairs(JsonElement rows) => [.. rows.EnumerateArray().Select(row => (row[0].GetInt32(), row[1].GetInt32()))];

    private static PointsHook Train(JsonElement golden)
    {
        bool validates = !golden.TryGetProperty("validation", out JsonElement validation) || validation.GetBoolean();
        PointsHook hook = new();
        using CountingModel model = new();
        using TestRun run = new();
        run.Train(
            run.Options with
            {
                Model = model,
                TrainDataloader = new BatchLoader(new RampDataset(golden.GetProperty("iters_per_epoch").GetInt32())),
                TrainCfg = GoldenLoop.Read(Config(golden)),
                ValDataloader = validates ? new BatchLoader(new RampDataset(1)) : null,
                ValEvaluator = validates ? new Evaluator(new ConstantMetric("acc", 0.5)) : null,
            },
            hook,
            CallsHook.Scripted(golden));
        return hook;
    }

    private sealed class PointsHook : Hook
    {
        public List<(int Epoch, int Iter)> Validations { get; } = [];

        public List<(int Epoch, int Iter, int Interval)> Intervals { get; } = [];

        public int[] End { get; private set; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments)
        {
            int interval = Interval(runner);
            if (Intervals.Count == 0 || Intervals[^1].Interval != interval)
            {
                Intervals.Add((runner.Progress.Epoch, runner.Progress.Iter, interval));
            }
        }

        public override void BeforeValEpoch(Runner runner) => Validations.Add((runner.Progress.Epoch, runner.Progress.Iter));

        public override void AfterRun(Runner runner) =>
            End = [runner.Progress.Epoch, runner.Progress.Iter, runner.MaxEpochs, runner.MaxIters, Interval(runner)];

        private static int Interval(Runner runner) => runner.TrainLoop switch
        {
            EpochBasedTrainLoop loop => loop.Validation.At(runner.Progress.Epoch),
            IterBasedTrainLoop loop => loop.Validation.At(runner.Progress.Iter),
            _ => 0,
        };
    }
}
