using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

/// <summary>A training that changes nothing says so.</summary>
public sealed class RunnerWatchTests
{
    private const string NothingUpdates =
        "nothing updates them. The runner has no optimizer hook, or TrainStep is overridden and makes no update, or its learning rate is 0. Register an optimizer hook with "
        + "a legacy runner; call optimWrapper.UpdateParams(loss) in a TrainStep of the engine's.";

    private readonly ListLogger logger = new();

    [Fact]
    public void A_training_that_moves_the_weights_says_nothing()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);

        Train(model, optimizer, withHook: true);

        logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Fact]
    public void Without_an_optimizer_hook_it_is_told_once_when_log_values_are_read()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);

        Train(model, optimizer, withHook: false);

        logger.DoubtsAboutTraining.Should().Equal($"No parameter of StepModel has changed in 10 iterations: {NothingUpdates}");
    }

    [Fact]
    public void A_short_training_is_told_when_it_ends()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 1 });

        runner.Run([ToyDataset.Loader(6)], [("train", 1)]);

        logger.DoubtsAboutTraining.Should().Equal($"No parameter of StepModel has changed in 3 iterations: {NothingUpdates}");
    }

    [Fact]
    public void A_model_that_updates_its_weights_itself_needs_no_hook_and_no_optimizer()
    {
        using StepModel model = new((stepped, batch) =>
        {
            using IDisposable guard = no_grad();
            stepped.Linear.weight.mul_(0.9);
            return new();
        });

        Train(model, optimizer: null, withHook: false);

        logger.Ours.Should().Equal(
            (9062, "There is no optimizer: only StepModel itself can update its weights. Give the runner an optimizer if a hook shall do it."));
    }

    [Fact]
    public void The_optimizer_of_another_model_is_refused_before_the_first_iteration()
    {
        int steps = 0;
        using StepModel model = new((stepped, batch) =>
        {
            steps++;
            return new() { Loss = stepped.Loss(batch) };
        });
        using StepModel other = new();
        using optim.Optimizer optimizer = optim.SGD(other.parameters(), 0.1);

        Action train = () => Train(model, optimizer, withHook: true);

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "None of the 1 parameters of the optimizer is one of StepModel, which has 1, so training would change nothing. Build the optimizer from this model's "
            + "parameters() after the model was moved: moving replaces them.");
        steps.Should().Be(0);
    }

    [Fact]
    public void A_second_training_of_the_same_runner_is_told_apart()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 1, Optimizer = optimizer });
        runner.RegisterOptimizerHook(new OptimizerConfig());
        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);

        logger.DoubtsAboutTraining.Should().BeEmpty("the second one has nothing left to train");
    }

    private void Train(StepModel model, optim.Optimizer? optimizer, bool withHook)
    {
        using EpochBasedRunner runner = new(
            model, new RunnerOptions { Logger = logger, MaxEpochs = 3, Optimizer = optimizer is null ? null : new OptimizerSet(optimizer) });
        if (withHook)
        {
            runner.RegisterOptimizerHook(new OptimizerConfig());
        }

        runner.Run([ToyDataset.Loader(60)], [("train", 1)]);
    }
}
