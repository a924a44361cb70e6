using Compat.Engine.Hooks;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests;

/// <summary>A training that changes nothing says so.</summary>
public sealed class RunnerWatchTests
{
    private const string NothingUpdates =
        "nothing updates them. The runner has no optimizer hook, or TrainStep is overridden and makes no update, or its learning rate is 0. Register an optimizer hook with "
        + "a legacy runner; call optimWrapper.UpdateParams(loss) in a TrainStep of the engine's.";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_training_that_moves_the_weights_says_nothing(int accumulativeCounts)
    {
        using TestRun run = new();
        OptimWrapperOptions wrapper = new() { Optimizer = optim.SGD(run.Model.parameters(), 0.1), AccumulativeCounts = accumulativeCounts };

        run.Train(run.Options with { TrainDataloader = Twos(60), OptimWrapper = wrapper });

        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Fact]
    public void A_TrainStep_that_makes_no_update_is_told_once_with_the_first_line_after_ten_iterations()
    {
        using TestRun run = new();
        using IdleModel model = new();
        RunnerOptions options = run.Options with { Model = model, TrainDataloader = Twos(60), DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 6 } } };

        run.Train(options);

        run.Logger.DoubtsAboutTraining.Should().Equal($"No parameter of IdleModel has changed in 10 iterations: {NothingUpdates}");
        string[] lines = [.. run.Logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal) || line.StartsWith("No par", StringComparison.Ordinal))];
        lines[0].Should().Contain("[ 6/30]");
        lines[1].Should().StartWith("No parameter");
        lines[2].Should().Contain("[12/30]");
    }

    [Fact]
    public void A_training_shorter_than_ten_updates_is_told_when_it_ends()
    {
        using TestRun run = new();
        using IdleModel model = new();

        run.Train(run.Options with { Model = model });

        run.Logger.DoubtsAboutTraining.Should().Equal($"No parameter of IdleModel has changed in 4 iterations: {NothingUpdates}");
    }

    [Fact]
    public void The_optimizer_of_another_model_is_refused_before_the_first_iteration()
    {
        using TestRun run = new();
        using TestModel other = new();
        using SGD optimizer = optim.SGD(other.parameters(), 0.1);

        Action train = () => run.Train(run.Options with { OptimWrapper = new OptimWrapperOptions { Optimizer = optimizer } });

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "None of the 1 parameters of the optimizer is one of TestModel, which has 1, so training would change nothing. Build the optimizer from this model's "
            + "parameters() after the model was moved: moving replaces them.");
        run.Model.Calls.Should().BeEmpty();
    }

    [Fact]
    public void A_rate_of_0_is_told_at_the_end()
    {
        using TestRun run = new();
        using SGD optimizer = optim.SGD(run.Model.parameters(), 0);

        run.Train(run.Options with { TrainDataloader = Twos(60), OptimWrapper = new OptimWrapperOptions { Optimizer = optimizer } });

        run.Logger.DoubtsAboutTraining.Should().Equal(
            "No parameter of TestModel has changed in 60 updates: the learning rate was always 0. Set it above 0, or look at the schedule.");
    }

    [Fact]
    public void Weights_that_fit_already_are_no_cause_for_a_line()
    {
        using TestRun run = new();

        run.Train(run.Options with { TrainDataloader = ToyDataset.Loader(60) });

        run.Model.Weight.eq(1).all().item<bool>().Should().BeTrue();
        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Fact]
    public void A_training_that_is_broken_off_frees_what_it_watched()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { TrainDataloader = Twos(60) });
        runner.TrainIterations().Take(3).Last();

        runner.Dispose();

        run.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    private static BatchLoader Twos(int count) => new(new TwosDataset(count), new BatchLoaderOptions { BatchSize = 2 });

    private sealed class IdleModel : BaseModel<ToyBatch>
    {
        private readonly Linear linear = nn.Linear(1, 1);

        public IdleModel() => RegisterComponents();

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => ParseLosses(Loss(data)).LogVars;

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = linear.forward(batch.Img).mean() };
    }
}
