using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

/// <summary>The numbers are those of MMEngine's validation loop, recorded in <c>engine_loops.json</c> under the ids that are named.</summary>
public sealed class EvaluationLossesTests
{
    [Fact]
    public void Without_losses_there_are_the_metrics_alone() =>
        Val("losses/none", [() => Samples(1), () => Samples(1)]).Should().Equal(("n", 2));

    [Fact]
    public void A_loss_is_averaged_over_the_batches() =>
        Val("losses/one", [() => new(Samples(1), Losses(("loss", [0.5f]))), () => new(Samples(1), Losses(("loss", [1.5f])))])
            .Should().Equal(("n", 2), ("loss", 1), ("val_loss", 1));

    [Fact]
    public void Those_named_loss_are_added_up() => Val(
        "losses/several",
        [
            () => new(Samples(1), Losses(("loss_a", [0.5f]), ("acc", [1]), ("b_loss", [1.5f]))),
            () => new(Samples(1), Losses(("loss_a", [1.5f]), ("acc", [0.25f]), ("b_loss", [1.75f]))),
        ]).Should().Equal(("n", 2), ("loss_a", 1), ("acc", 0.625), ("b_loss", 1.625), ("val_loss", 2.625));

    [Fact]
    public void Each_tensor_of_a_list_is_an_entry_of_the_mean() => Val(
        "losses/list_of_tensors",
        [
            () => new(Samples(1), Losses(("loss_a", [0.5f, 1.5f, 2.5f]), ("loss_b", [0.25f]))),
            () => new(Samples(1), Losses(("loss_a", [4]), ("loss_b", [0.75f]))),
        ]).Should().Equal(("n", 2), ("loss_a", 2.125), ("loss_b", 0.5), ("val_loss", 2.625));

    [Fact]
    public void Batches_without_a_loss_do_not_count_for_it() => Val(
        "losses/some_batches_only",
        [
            () => new(Samples(1), Losses(("loss", [0.5f]))),
            () => Samples(1),
            () => new(Samples(1), Losses(("loss", [2]), ("loss_late", [8]))),
        ]).Should().Equal(("n", 3), ("loss", 1.25), ("loss_late", 8), ("val_loss", 9.25));

    [Fact]
    public void Losses_alone_leave_the_metric_without_results() =>
        Val("losses/only_losses", [() => Losses(("loss", [0.5f])), () => Losses(("loss", [1]))]).Should().Equal(("n", 0), ("loss", 0.75), ("val_loss", 0.75));

    [Fact]
    public void Without_a_name_with_loss_the_sum_is_0() =>
        Val("losses/name_without_loss", [() => new(Samples(1), Losses(("err", [0.5f])))]).Should().Equal(("n", 1), ("err", 0.5), ("val_loss", 0));

    [Fact]
    public void A_loss_replaces_a_metric_of_its_name_in_its_place() => Val(
        "losses/overwrites_metric",
        [() => new(Samples(1), Losses(("loss", [0.5f]), ("n", [7])))],
        ("val_loss", 9),
        ("loss", 8),
        ("z", 1)).Should().Equal(("n", 7), ("val_loss", 0.5), ("loss", 0.5), ("z", 1));

    [Fact]
    public void Values_that_are_not_finite_are_no_error_here() => Val(
        "losses/nan_loss",
        [
            () => new(Samples(1), Losses(("loss", [float.NaN]), ("loss_b", [0.5f]))),
            () => new(Samples(1), Losses(("loss", [1]), ("loss_b", [float.PositiveInfinity]))),
        ]).Should().Equal(("n", 2), ("loss", double.NaN), ("loss_b", double.PositiveInfinity), ("val_loss", double.NaN));

    [Fact]
    public void A_second_pass_begins_anew()
    {
        using TestRun run = new();
        using ValModel model = new(
            () => Losses(("loss", [0.5f])), () => Losses(("loss", [1])), () => Losses(("loss", [2])), () => Losses(("loss", [4])));
        Runner runner = run.Make(Options(run, model, 2));

        runner.Val()["val_loss"].Number.Should().Be(0.75, "losses/twice");
        runner.Val()["val_loss"].Number.Should().Be(3);
    }

    [Fact]
    public void A_pass_that_was_broken_off_leaves_nothing()
    {
        using TestRun run = new();
        using ValModel model = new(
            () => new(new ScoreBatch(tensor(new[] { 1f })), Losses(("loss", [4]))),
            () => new(new ScoreBatch(tensor(new[] { 2f })), Losses(("loss", [2]))));
        using ProbeMetric metric = new();
        Runner runner = run.Make(Options(run, model, 2) with { ValEvaluator = new Evaluator(metric) });
        runner.Val();
        foreach (int _ in runner.ValLoop!.Iterations())
        {
            break;
        }

        IReadOnlyDictionary<string, MetricValue> metrics = runner.ValLoop.Run();

        metrics["order"].Array.Should().Equal(2, 1);
        metrics["val_loss"].Number.Should().Be(3);
    }

    [Fact]
    public void A_loss_of_several_elements_is_refused()
    {
        using TestRun run = new();
        using ValModel model = new(() => new LossDict { ["loss"] = tensor(new[] { 0.5f, 1 }) });
        Runner runner = run.Make(Options(run, model, 1));

        Action act = () => runner.Val();

        act.Should().Throw<ArgumentException>().WithMessage(
            "ValModel returned the loss 'loss' of shape [2] when it was evaluated; there it has one element. Reduce it, for example with .mean().");
    }

    [Fact]
    public void Hooks_see_predictions_and_losses_and_the_metrics_hold_both()
    {
        using TestRun run = new();
        using ValModel model = new(() => new(Samples(1), Losses(("loss", [0.5f]))));
        OutputsHook hook = new();
        Runner runner = run.Make(Options(run, model, 2) with { ValEvaluator = new Evaluator(new ConstantMetric("mAP", 0.25)) }, hook);

        runner.Val();

        hook.Seen.Should().Equal("True loss", "True loss", "mAP: 0.25, loss: 0.5, val_loss: 0.5");
        runner.MessageHub.GetScalar("val/val_loss").Current().Should().Be(0.5);
    }

    [Fact]
    public void Losses_are_not_read_while_the_pass_runs()
    {
        using TestRun run = new();
        using ValModel model = new(() => Losses(("loss", [0.5f])));
        Runner runner = run.Make(Options(run, model, 3));
        runner.Val();
        List<int> pending = [];

        foreach (int _ in runner.ValLoop!.Iterations())
        {
            pending.Add(runner.MessageHub.Pending.Count);
        }

        pending.Should().Equal(1, 2, 3);
        runner.MessageHub.Pending.Count.Should().Be(0);
    }

    [Fact]
    public void A_whole_pass_leaves_no_tensor()
    {
        using TestRun run = new();
        using ValModel model = new(() => new(Samples(1), Losses(("loss", [0.5f]))));
        Runner runner = run.Make(Options(run, model, 2) with { ValEvaluator = new Evaluator(new ProbeMetric()) });
        runner.Val();
        long before = LiveTensors.Settled();

        runner.Val();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Another_loop_names_the_sum_after_its_stage()
    {
        using TestRun run = new();
        using ValModel model = new(() => Losses(("loss_x", [0.5f]), ("y", [2])));
        Runner runner = run.Make(Options(run, model, 1) with { ValCfg = new TestStageLoopOptions() });

        runner.Val().Select(entry => (entry.Key, entry.Value.Number)).Should().Equal(("loss_x", 0.5), ("y", 2), ("test_loss", 0.5));
    }

    private static ScoreBatch Samples(int count) => new(ones(count));

    private static LossDict Losses(params (string Name, float[] Values)[] entries)
    {
        LossDict losses = [];
        foreach ((string name, float[] values) in entries)
        {
            losses.Add(name, [.. values.Select(value => tensor(value))]);
        }

        return losses;
    }

    private static RunnerOptions Options(TestRun run, BaseModel model, int size) => run.Options with
    {
        Model = model,
        TrainDataloader = null,
        TrainCfg = null,
        OptimWrapper = null,
        ValDataloader = new BatchLoader(new ToyDataset(size)),
    };

    // The metric counts the samples that it is given, as the recorded one does, and adds constants.
    private static (string Name, double Value)[] Val(string id, Func<ValOutputs>[] outputs, params (string Name, double Value)[] constants)
    {
        using TestRun run = new();
        using ValModel model = new(outputs);
        using ProbeMetric metric = new()
        {
            Compute = items => new OrderedDictionary<string, MetricValue>(
                constants.Prepend(("n", items.Count)).Select(entry => KeyValuePair.Create(entry.Item1, new MetricValue(entry.Item2)))),
        };
        Runner runner = run.Make(Options(run, model, outputs.Length) with { ValEvaluator = new Evaluator(metric) });
        IReadOnlyDictionary<string, MetricValue> metrics = runner.Val();
        id.Should().StartWith("losses/");
        return [.. metrics.Select(entry => (entry.Key, entry.Value.Number))];
    }

    private sealed class OutputsHook : Hook
    {
        public List<string> Seen { get; } = [];

        public override void AfterValIter(Runner runner, AfterValIterArguments arguments) =>
            Seen.Add($"{arguments.Outputs.Predictions is ScoreBatch} {string.Join(' ', arguments.Outputs.Losses!.Names)}");

        public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) =>
            Seen.Add(string.Join(", ", arguments.Metrics.Select(entry => $"{entry.Key}: {entry.Value}")));
    }

    private sealed class TestStageLoop(Runner runner, BatchLoader dataloader, Evaluator? evaluator) : ValLoop(runner, dataloader, evaluator)
    {
        protected override string Stage => "test";
    }

    private sealed record TestStageLoopOptions : EvaluationLoopOptions
    {
        public override EvaluationLoop Build(Runner runner, BatchLoader dataloader, Evaluator? evaluator) =>
            new TestStageLoop(runner, dataloader, evaluator);
    }
}
