using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests;

/// <summary>What a user is told when a step does not work.</summary>
public sealed class RunnerFailureTests
{
    private const string Batch = "The batch is a ToyBatch: Img float32 [2, 1] cpu, Label float32 [2, 1] cpu. The model's parameters are float32 cpu.";

    [Fact]
    public void A_step_that_throws_is_reported_once_with_its_batch_and_the_exception_is_the_same()
    {
        FormatException thrown = new("bad");
        int steps = 0;
        using TestRun run = new()
        {
            Model = new TestModel { OnStep = () => Throw(++steps == 4, thrown) },
        };

        Action train = () => run.Train(run.Options);

        train.Should().Throw<FormatException>().Which.Should().BeSameAs(thrown);
        run.Logger.Ours.Should().Equal(
            (9060, $"Stopped by FormatException: side engine, model TestModel, epoch 1 and iteration 3 (counted from 0), stage step. {Batch}"));
    }

    [Fact]
    public void A_hook_that_throws_is_named_with_its_point()
    {
        using TestRun run = new();

        Action train = () => run.Train(run.Options, new ThrowingHook(after: 1));

        train.Should().Throw<FormatException>();
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Be(
            "Stopped by FormatException: side engine, model TestModel, epoch 0 and iteration 1 (counted from 0), "
            + $"stage hook ThrowingHook at AfterTrainIter. {Batch}");
    }

    [Theory]
    [InlineData("BeforeRun", 0)]
    [InlineData("AfterRun", 4)]
    public void A_hook_that_throws_before_or_after_the_iterations_is_named_with_its_point(string point, int iteration)
    {
        using TestRun run = new();

        Action train = () => run.Train(run.Options, new RunHook(point));

        train.Should().Throw<FormatException>();
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Be(
            $"Stopped by FormatException: side engine, model TestModel, epoch {iteration / 2} and iteration {iteration} (counted from 0), stage hook RunHook at {point}.");
    }

    [Fact]
    public void A_validation_step_that_throws_is_reported_alone_and_in_training()
    {
        using TestRun run = new() { Model = new TestModel() };
        RunnerOptions options = run.WithValidation with { ValEvaluator = new Evaluator(new ThrowingMetric()) };
        Runner runner = run.Make(options);

        runner.Invoking(made => made.Val()).Should().Throw<FormatException>();
        runner.Invoking(made => made.Train()).Should().Throw<FormatException>();

        run.Logger.Ours.Select(line => line.Text).Should().Equal(
            $"Stopped by FormatException: side engine, model TestModel, epoch 0 and iteration 0 (counted from 0), stage validation step. {Batch}",
            $"Stopped by FormatException: side engine, model TestModel, epoch 1 and iteration 2 (counted from 0), stage validation step. {Batch}");
    }

    [Fact]
    public void A_loader_that_throws_is_reported_between_iterations()
    {
        using TestRun run = new();
        BatchLoader loader = new(new ThrowingDataset(), new BatchLoaderOptions { BatchSize = 2 });

        Action train = () => run.Train(run.Options with { TrainDataloader = loader });

        train.Should().Throw<Exception>();
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().EndWith("epoch 0 and iteration 1 (counted from 0), stage between iterations.");
    }

    [Fact]
    public void A_metric_that_cannot_be_computed_is_reported_between_iterations()
    {
        using TestRun run = new() { Model = new TestModel() };

        Action train = () => run.Train(run.WithValidation with { ValEvaluator = new Evaluator(new UncomputableMetric()) });

        train.Should().Throw<FormatException>();
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().EndWith("epoch 1 and iteration 2 (counted from 0), stage between iterations.");
    }

    [Fact]
    public void A_loss_that_cannot_be_trained_on_names_the_model_and_the_iteration()
    {
        using TestRun run = new()
        {
            Model = new TestModel { Losses = (iteration, loss) => new LossDict { ["loss"] = iteration == 1 ? 0.5 : loss } },
        };

        Action train = () => run.Train(run.Options);

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of TestModel, of shape [], has no gradient at iteration 1 (counted from 0): it is a plain number, or was detached, *");
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Contain("stage backward. The batch is a ToyBatch");
    }

    [Fact]
    public void An_update_that_throws_is_told_from_the_step()
    {
        using TestRun run = new();
        OptimWrapperOptions wrapper = new() { Optimizer = new ThrowingOptimizer([run.Model.Weight]) };

        Action train = () => run.Train(run.Options with { OptimWrapper = wrapper });

        train.Should().Throw<FormatException>();
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Contain("stage update. The batch is a ToyBatch");
    }

    [Fact]
    public void A_backward_of_the_models_own_before_the_wrappers_is_explained()
    {
        using TestRun run = new()
        {
            Model = new TestModel
            {
                Losses = (_, loss) =>
                {
                    loss.backward();
                    return new LossDict { ["loss"] = loss };
                },
            },
        };

        Action train = () => run.Train(run.Options);

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of TestModel went through backward a second time at iteration 0 (counted from 0): its graph was used up before.*");
        run.Logger.Ours.Should().ContainSingle().Which.Text.Should().Contain("stage backward. The batch is a ToyBatch");
    }

    [Fact]
    public void A_step_that_returns_null_says_what_to_write()
    {
        using TestRun run = new();
        using NullModel model = new();

        Action train = () => run.Train(run.Options with { Model = model });

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "NullModel.TrainStep returned null. Write 'return logVars;' with what shall be logged, or 'return [];' for nothing.");
    }

    [Fact]
    public void A_step_may_log_nothing()
    {
        using TestRun run = new();
        using NullModel model = new(() => []);

        run.Train(run.Options with { Model = model }).Progress.Iter.Should().Be(4);
    }

    [Fact]
    public void Losses_that_are_null_name_the_model()
    {
        using TestRun run = new() { Model = new TestModel { Losses = (_, _) => null! } };

        Action train = () => run.Train(run.Options);

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "TestModel.Loss returned null. Return a LossDict with at least one entry whose name contains 'loss'.");
    }

    private static void Throw(bool now, Exception exception)
    {
        if (now)
        {
            throw exception;
        }
    }

    private sealed class ThrowingHook(int after) : Hook
    {
        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Throw(runner.Progress.Iter == after, new FormatException());
    }

    private sealed class RunHook(string point) : Hook
    {
        public override void BeforeRun(Runner runner) => Throw(point == nameof(BeforeRun), new FormatException());

        public override void AfterRun(Runner runner) => Throw(point == nameof(AfterRun), new FormatException());
    }

    private sealed class ThrowingMetric : BaseMetric
    {
        public override void Process(DataBatch batch, DataBatch predictions) => throw new FormatException();

        protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) => new Dictionary<string, MetricValue>();
    }

    private sealed class UncomputableMetric : BaseMetric
    {
        public override void Process(DataBatch batch, DataBatch predictions) => Keep(ones(2));

        protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) => throw new FormatException();
    }

    private sealed class ThrowingDataset : Dataset
    {
        public override int Count => 4;

        public override DataBatch this[int index] => index < 2 ? new ToyBatch(ones(1), ones(1)) : throw new FormatException();
    }

    private sealed class ThrowingOptimizer(IEnumerable<Parameter> parameters) : SGD(parameters, 0.1)
    {
        public override Tensor step(Func<Tensor>? closure = null) => throw new FormatException();
    }

    private sealed class NullModel : BaseModel<ToyBatch>
    {
        private readonly Linear linear = nn.Linear(1, 1);
        private readonly Func<LogVars?> outputs;

        public NullModel(Func<LogVars?>? outputs = null)
        {
            this.outputs = outputs ?? (() => null);
            RegisterComponents();
        }

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => outputs()!;

        protected override LossDict Loss(ToyBatch batch) => [];
    }
}
