using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Hooks;

public sealed class RuntimeInfoHookTests
{
    [Fact]
    public void Counters_and_names_are_in_the_hub()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { ExperimentName = "digits" });

        Info<string>(runner, "experiment_name").Should().Be(runner.ExperimentName);
        Info<int>(runner, "epoch").Should().Be(1);
        Info<int>(runner, "iter").Should().Be(3, "the last iteration, counted from 0");
        Info<int>(runner, "max_epochs").Should().Be(2);
        Info<int>(runner, "max_iters").Should().Be(4);
    }

    [Theory]
    [InlineData(7L)]
    [InlineData(null)]
    public void The_seed_is_in_the_hub(long? seed)
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { Randomness = new() { Seed = seed } });

        runner.Seed.Should().Be(seed);
        runner.MessageHub.Infos.Should().ContainKey("seed").WhoseValue.Should().Be(seed);
    }

    [Fact]
    public void The_counters_are_in_the_hub_before_the_first_epoch_begins()
    {
        using TestRun run = new();
        FirstLookHook hook = new();

        run.Train(run.Options, hook);

        hook.Seen.Should().Equal([new("seed", null), new("loop_stage", "train"), new("epoch", 0), new("iter", 0), new("max_epochs", 2), new("max_iters", 4)]);
    }

    [Fact]
    public void Learning_rates_outputs_and_metrics_become_histories()
    {
        using TestRun run = new() { Model = new TestModel { Losses = (_, loss) => new LossDict { ["acc"] = loss.detach(), ["loss_a"] = loss } } };

        Runner runner = run.Train(run.WithValidation);

        runner.MessageHub.Scalars.Keys.Should().Equal(
            "train/lr", "train/data_time", "train/loss", "train/acc", "train/loss_a", "train/time", "val/data_time", "val/time", "val/mAP");
        runner.MessageHub.GetScalar("train/lr").Count.Should().Be(4);
        runner.MessageHub.GetScalar("train/loss").Count.Should().Be(4);
        runner.MessageHub.GetScalar("val/mAP").Mean().Should().Be(0.5);
    }

    [Theory]
    [InlineData(null, 2.5)]
    [InlineData(3, 3.25)]
    public void The_number_of_samples_of_the_outputs_is_the_weight_of_their_values(int? lastWeight, double mean)
    {
        using TestRun run = new() { Model = new TestModel { Losses = (iteration, loss) => new LossDict { ["loss"] = (loss * 0) + (iteration == 0 ? 1 : 4) } } };

        Runner runner = run.Train(
            run.Options with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 } }, new WeightHook([lastWeight is null ? null : 1, lastWeight]));

        runner.MessageHub.GetScalar("train/loss").Mean().Should().Be(mean);
        runner.MessageHub.GetScalar("train/loss").Current().Should().Be(4);
    }

    [Fact]
    public void With_several_groups_the_default_rate_is_logged_before_that_of_the_first_group()
    {
        using TestRun run = new();
        using Linear other = nn.Linear(1, 1);
        using FusedSgd optimizer = new([new(run.Model.parameters(), new() { Lr = 0.07 }), new(other.parameters(), new())], defaults: new() { Lr = 0.0123 });

        Runner runner = run.Train(run.Options with { OptimWrapper = new OptimWrapperOptions { Optimizer = optimizer } });

        runner.MessageHub.Scalars.Keys.Take(2).Should().Equal("train/base_lr", "train/lr");
        runner.MessageHub.GetScalar("train/base_lr").Current().Should().Be(0.0123);
        runner.MessageHub.GetScalar("train/lr").Current().Should().Be(0.07);
        run.EpochLines.Should().Contain(line => line.Contains("  base_lr: 1.2300e-02 lr: 7.0000e-02  ", StringComparison.Ordinal));
    }

    [Fact]
    public void Metrics_that_are_no_numbers_become_infos()
    {
        // MMEngine, run/test_metrics_of_every_kind: an array of one number (a1) is a history, a longer one (t2) and None are infos.
        using TestRun run = new();
        ProbeMetric metric = new()
        {
            Compute = _ => new OrderedDictionary<string, MetricValue>
            {
                ["f"] = 0.5,
                ["nan"] = double.NaN,
                ["a1"] = new[] { 4.5 },
                ["t2"] = new[] { 1.0, 2 },
                ["none"] = MetricValue.None,
            },
        };

        Runner runner = run.Train(run.WithValidation with { ValEvaluator = new Evaluator(metric) });

        runner.MessageHub.Scalars.Keys.Where(key => key.StartsWith("val/", StringComparison.Ordinal))
            .Should().Equal("val/data_time", "val/time", "val/f", "val/nan", "val/a1");
        runner.MessageHub.GetScalar("val/a1").Current().Should().Be(4.5);
        Info<IReadOnlyList<double>>(runner, "val/t2").Should().Equal(1, 2);
        runner.MessageHub.Infos["val/none"].Should().BeNull();
    }

    [Fact]
    public void The_stage_is_that_of_the_loop_that_runs_and_goes_back_after_a_validation()
    {
        using TestRun run = new();
        StageHook stages = new();

        Runner runner = run.Train(run.WithValidation with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 } }, stages);

        stages.Stages.Should().Equal("train", "train", "val", "train", "train", "val");
        runner.MessageHub.TryGetInfo("loop_stage", out string? _).Should().BeFalse();
    }

    [Fact]
    public void A_validation_alone_leaves_no_stage()
    {
        using TestRun run = new();
        StageHook stages = new();
        Runner runner = run.Make(run.WithValidation, stages);

        runner.Val();

        stages.Stages.Should().Equal("val");
        runner.MessageHub.TryGetInfo("loop_stage", out string? _).Should().BeFalse();
    }

    [Fact]
    public void It_runs_very_early() => new RuntimeInfoHook().Priority.Should().Be(HookPriority.VeryHigh);

    private static T Info<T>(Runner runner, string key)
    {
        runner.MessageHub.TryGetInfo(key, out T? value).Should().BeTrue();
        return value!;
    }

    private sealed class FirstLookHook : Hook
    {
        public KeyValuePair<string, object?>[] Seen { get; private set; } = [];

        public override void BeforeTrain(Runner runner) => Seen = [.. runner.MessageHub.Infos.Where(info => info.Key != "experiment_name")];
    }

    private sealed class WeightHook(int?[] weights) : Hook
    {
        public override HookPriority Priority => HookPriority.Highest;

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => arguments.Outputs.NumSamples = weights[arguments.BatchIndex];
    }

    private sealed class StageHook : Hook
    {
        public List<string?> Stages { get; } = [];

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Add(runner);

        public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => Add(runner);

        private void Add(Runner runner) => Stages.Add(runner.MessageHub.TryGetInfo("loop_stage", out string? stage) ? stage : null);
    }
}
