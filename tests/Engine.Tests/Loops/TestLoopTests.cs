using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

public sealed class TestLoopTests
{
    [Fact]
    public void A_test_needs_nothing_for_training_and_calls_hooks_of_its_own()
    {
        using TestRun run = new();
        RecordingHook hook = new();
        Runner runner = run.Make(run.WithTest with { TrainDataloader = null, TrainCfg = null, OptimWrapper = null }, hook);

        IReadOnlyDictionary<string, MetricValue> metrics = runner.Test();

        metrics["mAP"].Number.Should().Be(0.75);
        runner.TestLoop!.Metrics.Should().BeSameAs(metrics);
        runner.ValLoop.Should().BeNull();
        hook.Points.Should().Equal(
            "before_run", "before_test", "before_test_epoch", "before_test_iter 0", "after_test_iter 0", "before_test_iter 1", "after_test_iter 1", "after_test_epoch 0.75",
            "after_test", "after_run");
        run.LogLines.Should().ContainSingle().Which.Should().MatchRegex(@"^Epoch\(test\) \[2/2\]    mAP: 0\.7500  data_time: \d\.\d{4}  time: \d\.\d{4}$");
    }

    [Theory]
    [InlineData(true, "Epoch(test) [2/3]    eta: ", "Epoch(test) [3/3]    mAP: 0.7500  note: [")]
    [InlineData(false, "Iter(test) [2/3]    eta: ", "Iter(test) [3/3]    mAP: 0.7500  note: [")]
    public void A_test_is_logged_at_the_interval_and_at_its_end_with_what_is_no_number(bool byEpoch, string first, string second)
    {
        using TestRun run = new();
        Runner runner = run.Make(
            run.WithTest with
            {
                TestDataloader = ToyDataset.Loader(6),
                DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 2 } },
                LogProcessor = new() { ByEpoch = byEpoch },
            },
            new NoteHook());

        runner.Test();

        run.LogLines.Should().HaveCount(2);
        run.LogLines.First().Should().StartWith(first);
        run.LogLines.Last().Replace("\n", string.Empty, StringComparison.Ordinal).Should().StartWith(second);
    }

    [Fact]
    public void The_stage_of_the_loop_is_known_while_it_runs_and_gone_afterwards()
    {
        using TestRun run = new();
        StageHook hook = new();
        Runner runner = run.Make(run.WithTest, hook);

        runner.Test();

        hook.Stage.Should().Be("test");
        runner.MessageHub.TryGetInfo("loop_stage", out string? _).Should().BeFalse();
        runner.MessageHub.GetScalar("test/mAP").Current().Should().Be(0.75);
    }

    [Fact]
    public void The_metrics_of_a_validation_do_not_serve_a_test()
    {
        using TestRun run = new();

        Action make = () => run.Make(run.WithValidation with { TestDataloader = ToyDataset.Loader(2) });

        make.Should().Throw<ArgumentException>().WithMessage(
            "TestDataloader is set and TestModel predicts, but TestEvaluator is not set. Set TestEvaluator, or let TestStep return losses.*");
    }

    [Fact]
    public void What_is_missing_is_named_with_the_words_of_the_test()
    {
        using TestRun run = new();
        using ValModel silent = new(() => new ScoreBatch(ones(1)));
        using CountingModel trains = new();

        FluentActions.Invoking(() => run.Make(run.Options).Test()).Should().Throw<InvalidOperationException>().WithMessage(
            "There is nothing to test with. Set TestDataloader in the runner's options, and TestEvaluator if the model predicts.");
        FluentActions.Invoking(() => run.Make(run.WithTest with { TestDataloader = null })).Should().Throw<ArgumentException>().WithMessage(
            "TestEvaluator is set, but TestDataloader is not. Set TestDataloader, or leave TestEvaluator out.*");
        FluentActions.Invoking(() => run.Make(run.WithTest with { TestEvaluator = new Evaluator() })).Should().Throw<ArgumentException>().WithMessage(
            "TestDataloader is set and TestModel predicts, but TestEvaluator has no metric. Give it one, or let TestStep return losses.*");
        FluentActions.Invoking(() => run.Make(run.WithTest with { Model = new LossModel() })).Should().Throw<ArgumentException>().WithMessage(
            "TestDataloader is set, but LossModel overrides neither Predict nor TestStep. Override one of them, or leave TestDataloader out.*");
        FluentActions.Invoking(() => run.Make(run.WithTest with { Model = silent, TestEvaluator = null }).Test()).Should().Throw<InvalidOperationException>().WithMessage(
            "ValModel returned predictions (ScoreBatch), but there is no metric to measure them. Set TestEvaluator beside TestDataloader in the runner's options, or let the "
            + "model's TestStep return losses alone.");
    }

    [Fact]
    public void A_loop_of_the_other_kind_is_refused()
    {
        using TestRun run = new();

        FluentActions.Invoking(() => run.Make(run.WithTest with { TestCfg = new ValLoopOptions() }).Test()).Should().Throw<ArgumentException>().WithMessage(
            "TestCfg builds a ValLoop, which validates. Set TestCfg to TestLoopOptions, or to the options of a loop of your own that does not.");
        FluentActions.Invoking(() => run.Make(run.WithValidation with { ValCfg = new TestLoopOptions() }).Val()).Should().Throw<ArgumentException>().WithMessage(
            "ValCfg builds a TestLoop, which tests. Set ValCfg to ValLoopOptions, or to the options of a loop of your own that does not.");
    }

    [Fact]
    public void A_failure_says_that_it_was_in_a_test_step()
    {
        using TestRun run = new();
        using ValModel model = new(() => throw new NotFiniteNumberException());
        Runner runner = run.Make(run.WithTest with { Model = model });

        runner.Invoking(one => one.Test()).Should().Throw<NotFiniteNumberException>();

        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Contain("stage test step. The batch is a ToyBatch");
    }

    [Fact]
    public void The_model_makes_its_test_step_without_gradients_in_evaluation_mode()
    {
        using TestRun run = new();
        using StepsModel model = new();
        Runner runner = run.Make(run.WithTest with { Model = model, ValDataloader = ToyDataset.Loader(2), ValEvaluator = new Evaluator(new ConstantMetric("mAP", 0)) });

        runner.Val();
        runner.Test();

        model.Steps.Should().Equal("val False False", "test False False", "test False False");
    }

    [Fact]
    public void Predictions_may_be_a_list_of_samples_of_different_shapes()
    {
        using TestRun run = new();
        using ValModel model = new(() => new SampleList<ScoreBatch>(new ScoreBatch(ones(2)), new ScoreBatch(ones(3))));
        Runner runner = run.Make(run.WithTest with { Model = model, TestDataloader = ToyDataset.Loader(3), TestEvaluator = new Evaluator(new BoxCount()) });

        runner.Test()["boxes"].Number.Should().Be(7, "three samples are measured; the fourth only fills up the last batch");
    }

    [Fact]
    public void The_runner_disposes_the_metrics_and_the_loader_that_it_built()
    {
        using TestRun run = new();
        using BatchLoader given = ToyDataset.Loader(2);
        Runner built = run.Make(run.WithTest with
        {
            TestDataloader = new Engine.Data.DatasetLoaderOptions { Dataset = new ToyDataset(2), Sampler = new Engine.Data.DefaultSamplerOptions() },
        });
        Runner borrowed = run.Make(run.WithTest with { TestDataloader = given });

        built.Dispose();
        borrowed.Dispose();

        built.TestDataloader!.Invoking(loader => loader.GetEnumerator()).Should().Throw<ObjectDisposedException>();
        given.Invoking(loader => loader.GetEnumerator()).Should().NotThrow();
        built.Invoking(one => one.Test()).Should().Throw<ObjectDisposedException>();
    }

    private sealed class LossModel : BaseModel<ToyBatch>
    {
        protected override LossDict Loss(ToyBatch batch) => [];
    }

    private sealed class StepsModel : BaseModel<ToyBatch>
    {
        public List<string> Steps { get; } = [];

        public override ValOutputs ValStep(DataBatch data) => Step("val");

        public override ValOutputs TestStep(DataBatch data) => Step("test");

        private ScoreBatch Step(string name)
        {
            Steps.Add($"{name} {training} {is_grad_enabled()}");
            return new ScoreBatch(zeros(2));
        }
    }

    private sealed class BoxCount : BaseMetric<ToyBatch, SampleList<ScoreBatch>>
    {
        protected override void Process(ToyBatch batch, SampleList<ScoreBatch> predictions)
        {
            foreach (ScoreBatch sample in predictions.Samples)
            {
                KeepOne(sample.Scores);
            }
        }

        protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) =>
            new Dictionary<string, MetricValue> { ["boxes"] = Enumerable.Range(0, items.Count).Sum(item => (double)items[item][0].numel()) };
    }

    private sealed class NoteHook : Hook
    {
        public override Torch.Training.HookPriority Priority => Torch.Training.HookPriority.High;

        public override void AfterTestEpoch(Runner runner, AfterTestEpochArguments arguments) => runner.MessageHub.UpdateInfo("test/note", new double[] { 1, 2 });
    }

    private sealed class StageHook : Hook
    {
        public string? Stage { get; private set; }

        public override void BeforeTestIter(Runner runner, BeforeIterArguments arguments) => Stage = runner.MessageHub.TryGetInfo("loop_stage", out string? stage) ? stage : null;
    }
}
