using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>What a user is told when a step does not work.</summary>
public sealed class RunnerFailureTests
{
    private const string Batch = "The batch is a ToyBatch: Img float32 [2, 1] cpu, Label float32 [2, 1] cpu. The model's parameters are float32 cpu.";

    private readonly ListLogger logger = new();

    private IEnumerable<string> Reports => logger.Ours.Where(line => line.Id == 9060).Select(line => line.Text);

    [Fact]
    public void A_step_that_throws_is_reported_once_with_its_batch_and_the_exception_is_the_same()
    {
        FormatException thrown = new("bad");
        int steps = 0;
        using StepModel model = new((stepped, batch) => ++steps == 4 ? throw thrown : new() { Loss = stepped.Loss(batch) });

        Action train = () => Train(model);

        train.Should().Throw<FormatException>().Which.Should().BeSameAs(thrown);
        Reports.Should().Equal(
            $"Stopped by FormatException: side legacy, model StepModel, epoch 1 and iteration 3 (counted from 0), stage step. {Batch}");
    }

    [Fact]
    public void A_hook_that_throws_is_named_with_its_point()
    {
        using StepModel model = new();

        Action train = () => Train(model, new ActionHook { AtAfterTrainIter = _ => throw new FormatException() });

        train.Should().Throw<FormatException>();
        Reports.Should().ContainSingle().Which.Should().Be(
            "Stopped by FormatException: side legacy, model StepModel, epoch 0 and iteration 0 (counted from 0), "
            + $"stage hook ActionHook at AfterTrainIter. {Batch}");
    }

    [Theory]
    [InlineData("BeforeRun", 0)]
    [InlineData("AfterRun", 4)]
    public void A_hook_that_throws_before_or_after_the_iterations_is_named_with_its_point(string point, int iteration)
    {
        using StepModel model = new();

        Action train = () => Train(model, new RunHook(point));

        train.Should().Throw<FormatException>();
        Reports.Should().ContainSingle().Which.Should().Be(
            $"Stopped by FormatException: side legacy, model StepModel, epoch {iteration / 2} and iteration {iteration} (counted from 0), stage hook RunHook at {point}.");
    }

    [Fact]
    public void A_validation_step_that_throws_is_reported()
    {
        using ValStepModel model = new(valStep: (_, _) => throw new FormatException());
        using EpochBasedRunner runner = Runner(model);

        Action train = () => runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(4)], [("train", 1), ("val", 1)]);

        train.Should().Throw<FormatException>();
        Reports.Should().ContainSingle().Which.Should().Be(
            $"Stopped by FormatException: side legacy, model StepModel, epoch 1 and iteration 2 (counted from 0), stage validation step. {Batch}".Replace(
                "StepModel", "ValStepModel", StringComparison.Ordinal));
    }

    [Fact]
    public void A_number_as_loss_has_no_gradient()
    {
        using StepModel model = new((_, _) => new() { Loss = 0.5 });

        Action train = () => Train(model, new OptimizerHook());

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of StepModel, of shape [], has no gradient at iteration 0 (counted from 0): it is a plain number, or was detached, or no parameter "
            + "that requires a gradient took part in it. Compute it from the model's output, without item(), detach() or no_grad(), and see that the model "
            + "has trainable parameters.");
        Reports.Should().ContainSingle().Which.Should().Contain("stage backward in hook OptimizerHook at AfterTrainIter. The batch is a ToyBatch");
    }

    [Fact]
    public void A_loss_of_several_elements_is_refused_and_one_of_shape_1_is_not()
    {
        using StepModel several = new((stepped, batch) => new() { Loss = stepped.Linear.forward(((ToyBatch)batch).Img) });
        using StepModel single = new((stepped, batch) => new() { Loss = stepped.Loss(batch).reshape(1) });

        Action train = () => Train(several, new OptimizerHook());

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of StepModel has shape [2, 1] at iteration 0 (counted from 0); it must have one element. Reduce it, for example with .mean() or .sum().");
        Train(single, new OptimizerHook());
        single.Weight.Should().NotBe(0.5);
    }

    [Fact]
    public void A_backward_of_the_models_own_before_the_hooks_is_explained()
    {
        using StepModel model = new((stepped, batch) =>
        {
            Tensor loss = stepped.Loss(batch);
            loss.backward();
            return new() { Loss = loss };
        });

        Action train = () => Train(model, new OptimizerHook());

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loss of StepModel went through backward a second time at iteration 0 (counted from 0): its graph was used up before.*");
    }

    [Fact]
    public void An_update_that_throws_is_told_from_the_hook()
    {
        using StepModel model = new();
        using ThrowingOptimizer optimizer = new(model.parameters());
        using EpochBasedRunner runner = Runner(model, optimizer);
        runner.RegisterHook(new OptimizerHook());

        Action train = () => runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        train.Should().Throw<FormatException>();
        Reports.Should().ContainSingle().Which.Should().Contain("stage update in hook OptimizerHook at AfterTrainIter. The batch is a ToyBatch");
    }

    private void Train(StepModel model, params Hook[] hooks)
    {
        using SGD optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = Runner(model, optimizer);
        foreach (Hook hook in hooks)
        {
            runner.RegisterHook(hook);
        }

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);
    }

    private EpochBasedRunner Runner(StepModel model, optim.Optimizer? optimizer = null) =>
        new(model, new RunnerOptions { Logger = logger, MaxEpochs = 2, Optimizer = optimizer is null ? null : new OptimizerSet(optimizer) });

    private sealed class RunHook(string point) : Hook
    {
        public override void BeforeRun(BaseRunner runner) => Throw(point == nameof(BeforeRun));

        public override void AfterRun(BaseRunner runner) => Throw(point == nameof(AfterRun));

        private static void Throw(bool now)
        {
            if (now)
            {
                throw new FormatException();
            }
        }
    }

    private sealed class ThrowingOptimizer(IEnumerable<Parameter> parameters) : SGD(parameters, 0.1)
    {
        public override Tensor step(Func<Tensor>? closure = null) => throw new FormatException();
    }
}
