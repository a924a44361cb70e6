using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;

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

        IReadOnlyDictionary<string, double> metrics = runner.Val();

        metrics.Should().Equal(new Dictionary<string, double> { ["mAP"] = 0.25 });
        runner.ValLoop!.Metrics.Should().BeSameAs(metrics);
        (metric.Processed, metric.Size).Should().Be((2, 3));
        hook.Points.Should().Equal(
            "before_run", "before_val", "before_val_epoch", "before_val_iter 0", "after_val_iter 0", "before_val_iter 1", "after_val_iter 1",
            "after_val_epoch 0.25", "after_val", "after_run");
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
    public void Validating_does_not_need_anything_for_training()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.WithValidation with { TrainDataloader = null, TrainCfg = null, OptimWrapper = null });

        runner.Val()["mAP"].Should().Be(0.5);
        run.EpochLines.Should().ContainSingle().Which.Should().StartWith("Epoch(val) [0][2/2]    mAP: 0.5000");
    }
}
