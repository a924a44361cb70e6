using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;

namespace Compat.Api.Tests.Engine;

public sealed class EvaluationTests
{
    // An untrained line is zero everywhere, so the error is the mean of y: 2x + 1 over x = 0, 1/4, 2/4, 3/4.
    private const double Untrained = 1.75;

    [Fact]
    public void A_metric_of_ones_own_measures()
    {
        IReadOnlyDictionary<string, MetricValue> metrics = Validate(new ValLoopOptions(), trains: false);

        metrics["line/mae"].Number.Should().Be(Untrained);
        metrics["line/count"].Number.Should().Be(4);
    }

    [Fact]
    public void An_evaluation_loop_of_ones_own_makes_its_own_step()
    {
        double straight = Validate(new ValLoopOptions(), trains: true)["line/mae"].Number;
        double mirrored = Validate(new MirroredValLoopOptions(), trains: true)["line/mae"].Number;

        straight.Should().BeLessThan(Untrained);
        mirrored.Should().NotBe(straight).And.BeLessThan(Untrained);
    }

    [Fact]
    public void A_test_loop_of_ones_own_makes_its_own_step_and_its_hooks_are_called()
    {
        using LineRun run = new();
        ModesHook hook = new();
        using Runner runner = new(run.Options with
        {
            TestCfg = new ShiftedTestLoopOptions(0.25f),
            TestDataloader = LineDataset.Loader(4),
            TestEvaluator = new(new MeanError()),
            CustomHooks = [hook],
        });

        runner.Test()["line/mae"].Number.Should().Be(Untrained - 0.25);

        hook.Seen.Should().Equal("before", "Test 0", "Test 1", "line/mae line/count");
    }

    private static IReadOnlyDictionary<string, MetricValue> Validate(EvaluationLoopOptions loop, bool trains)
    {
        using LineRun run = new();
        using Runner runner = new(run.Options with { ValCfg = loop, ValDataloader = LineDataset.Loader(4), ValEvaluator = new(new MeanError()) });
        if (trains)
        {
            runner.Train();
        }

        return runner.Val();
    }

    private sealed class ModesHook : Hook
    {
        public List<string> Seen { get; } = [];

        public override void BeforeTest(Runner runner) => Seen.Add("before");

        public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) => Seen.Add(string.Join(' ', arguments.Metrics.Keys));

        protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode) => Seen.Add($"{mode} {arguments.BatchIndex}");
    }
}
