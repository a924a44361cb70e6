using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

public sealed class ValLoopTests
{
    [Fact]
    public void A_validation_alone_calls_its_hooks_and_gives_the_metrics()
    {
        using TestRun run = new();
        RecordingHook hook = new();
        ConstantMetric metric = new("mAP", 0.25);
        Runner runner = run.Make(run.Options with { ValDataloader = ToyDataset.Loader(3), ValEvaluator = new Evaluator(metric) }, hook);

        IReadOnlyDictionary<string, MetricValue> metrics = runner.Val();

        metrics.Should().Equal(new Dictionary<string, MetricValue> { ["mAP"] = 0.25 });
        runner.ValLoop!.Metrics.Should().BeSameAs(metrics);
        (metric.Processed, metric.Samples).Should().Be((2, 3));
        hook.Points.Should().Equal(
            "before_run", "before_val", "before_val_epoch", "before_val_iter 0", "after_val_iter 0", "before_val_iter 1", "after_val_iter 1",
            "after_val_epoch 0.25", "after_val", "after_run");
    }

    [Fact]
    public void One_loop_serves_two_validations_and_those_of_the_training_after_them()
    {
        using TestRun run = new();
        ConstantMetric metric = new("mAP", 0.1, 0.2, 0.3, 0.4);
        Runner runner = run.Make(run.WithValidation with { ValEvaluator = new Evaluator(metric) });

        runner.Val();
        EvaluationLoop loop = runner.ValLoop!;
        runner.Val()["mAP"].Number.Should().Be(0.2);
        runner.ValLoop.Should().BeSameAs(loop);
        runner.Train();

        runner.ValLoop.Should().BeSameAs(loop);
        loop.Metrics["mAP"].Number.Should().Be(0.4, "two epochs follow");
    }

    [Fact]
    public void The_model_is_left_in_evaluation_mode()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.WithValidation);
        run.Model.training.Should().BeTrue();

        runner.Val();

        run.Model.training.Should().BeFalse();
    }

    [Fact]
    public void A_model_that_returns_losses_alone_needs_no_evaluator()
    {
        using TestRun run = new();
        using ValModel model = new(() => new LossDict { ["loss_a"] = tensor(0.5f) });
        Runner runner = run.Make(run.WithValidation with { Model = model, ValEvaluator = null });

        runner.Val().Should().Equal(new Dictionary<string, MetricValue> { ["loss_a"] = 0.5, ["val_loss"] = 0.5 });
        run.EpochLines.Should().ContainSingle().Which.Should().StartWith("Epoch(val) [0][2/2]    loss_a: 0.5000  val_loss: 0.5000  data_time");
        runner.ValLoop!.Evaluator.Should().BeNull();
    }

    [Fact]
    public void Predictions_without_an_evaluator_are_refused_in_the_first_iteration()
    {
        using TestRun run = new();
        using ValModel model = new(() => new ScoreBatch(ones(1)));
        Runner runner = run.Make(run.WithValidation with { Model = model, ValEvaluator = null });

        Action act = () => runner.Val();

        act.Should().Throw<InvalidOperationException>().WithMessage(
            "ValModel returned predictions (ScoreBatch), but there is no metric to measure them. Set ValEvaluator beside ValDataloader in the runner's options, or "
            + "let the model's ValStep return losses alone.");
    }

    [Fact]
    public void A_step_that_returns_nothing_is_refused_with_the_models_name()
    {
        using TestRun run = new();
        using ValModel model = new(() => null);
        Runner runner = run.Make(run.WithValidation with { Model = model });

        Action act = () => runner.Val();

        act.Should().Throw<InvalidOperationException>().WithMessage(
            "ValModel returned null from its step of evaluation. Return predictions (a DataBatch), losses (a LossDict), or both.");
    }

    [Fact]
    public void Metrics_are_computed_over_the_processes_of_the_runner()
    {
        IReadOnlyDictionary<string, MetricValue>[] all = ThreadCollectives.Run(2, collectives =>
        {
            using TestRun run = new();
            float first = 10 * collectives.Rank.Rank;
            using ValModel model = new(() => new ScoreBatch(tensor(new[] { first, first + 1 })), () => new ScoreBatch(tensor(new[] { first + 2 })));
            Runner runner = run.Make(run.Options with
            {
                Model = model,
                Collectives = collectives,
                ValDataloader = ToyDataset.Loader(4),
                ValEvaluator = new Evaluator(new ProbeMetric()),
            });
            runner.Collectives.Should().BeSameAs(collectives);
            return runner.Val();
        });

        all[0]["order"].Array.Should().Equal(0, 10, 1, 11);
        all[1].Should().Equal(all[0]);
    }

    [Fact]
    public void A_runner_is_alone_unless_told_otherwise()
    {
        using TestRun run = new();

        run.Make(run.Options).Collectives.Should().BeSameAs(SingleProcess.Instance);
    }

    [Fact]
    public void A_metric_that_keeps_nothing_is_warned_of_in_the_runs_log()
    {
        using TestRun run = new();
        using ValModel model = new(() => new LossDict { ["loss"] = tensor(0.5f) });
        Runner runner = run.Make(run.WithValidation with { Model = model });

        runner.Val();

        run.Logger.Warnings.Should().ContainSingle().Which.Should().StartWith("ConstantMetric got empty `self.results`.");
    }

    [Fact]
    public void Validating_does_not_need_anything_for_training()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.WithValidation with { TrainDataloader = null, TrainCfg = null, OptimWrapper = null });

        runner.Val()["mAP"].Number.Should().Be(0.5);
        run.EpochLines.Should().ContainSingle().Which.Should().StartWith("Epoch(val) [0][2/2]    mAP: 0.5000");
    }
}
