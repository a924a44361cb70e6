using Compat.Adapters.Diagnostics;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks.Arguments;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;
using EngineHook = Compat.Engine.Hooks.Hook;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyIterTrainLoopTests
{
    private static BatchLoader Loader => new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3 });

    [Fact]
    public void The_runner_goes_on_where_it_was_and_stands_where_the_training_ended()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using Resumed legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 7 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        legacy.GoTo(2);
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader], [("train", 1)]);

        engine.Train();

        (legacy.Iter, legacy.Epoch, legacy.InnerIter, legacy.Mode).Should().Be((7, 1, 1, "train"));
        engine.AsLegacy().Should().BeSameAs(legacy);
        engine.Progress.Iter.Should().Be(7);
    }

    [Fact]
    public void A_hook_of_the_engine_can_stop_the_training()
    {
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using IterBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 7 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader], [("train", 2)]);
        engine.RegisterHook(new Stopping());

        engine.Train();

        legacy.Iter.Should().Be(3);
    }

    [Fact]
    public void Hooks_see_one_epoch_around_all_iterations_and_what_MMCV_says_about_it_is_said()
    {
        List<string> points = [];
        using ValidatingModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        ListLogger logger = new();
        using IterBasedRunner legacy = new(model, new() { Logger = logger, Optimizer = optimizer, MaxIters = 2 });
        legacy.RegisterLrHook(new StepLrConfig { Step = [1], ByEpoch = true });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        legacy.RegisterHook(new Around(points));
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader], [("train", 1)]);

        engine.Train();

        points.Should().Equal("before", "iter", "iter", "after");
        logger.Ours.Should().ContainSingle(line => line.Id == 9111);
    }

    [Fact]
    public void A_loss_that_nobody_looked_at_is_found_before_the_hooks_after_the_run()
    {
        int steps = 0;
        List<string> points = [];
        using ProbeModel model = new(new(), (probe, batch, _) =>
            ++steps == 4 ? probe.Usual(batch) with { LogVars = new LogVars { ["loss"] = tensor(double.NaN) } } : probe.Usual(batch));
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        using IterBasedRunner legacy = new(model, new() { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 4 });
        legacy.RegisterOptimizerHook(new OptimizerConfig());
        legacy.RegisterHook(new Around(points));
        using Compat.Engine.Runner engine = legacy.AsEngine([Loader], [("train", 1)]);

        engine.Invoking(runner => runner.Train()).Should().Throw<NonFiniteLossException>();

        points.Should().Equal("before", "iter", "iter", "iter", "iter");
    }

    [Fact]
    public void A_runner_without_a_limit_or_with_one_in_epochs_is_told_so()
    {
        Refusal(new() { Logger = new ListLogger() }).Should().Be(
            "COMPAT0702: The runner has no MaxIters, so the engine does not know when to stop. Set MaxIters in the runner's options.");
        Refusal(new() { Logger = new ListLogger(), MaxEpochs = 4 }).Should().Be(
            "COMPAT0702: MaxEpochs is 4, but IterBasedRunner counts iterations. Set MaxIters in the runner's options instead: 4 epochs of 3 batches are 12 iterations.");

        static string Refusal(RunnerOptions options)
        {
            using ValidatingModel model = new();
            using IterBasedRunner legacy = new(model, options);
            return legacy.Invoking(runner => runner.AsEngine([Loader], [("train", 1)])).Should().Throw<CompatException>().Which.Message;
        }
    }

    [Fact]
    public void Overridden_members_are_refused_here_too()
    {
        using ValidatingModel model = new();
        using OwnTrain legacy = new(model, new() { Logger = new ListLogger(), MaxIters = 2 });

        legacy.Invoking(runner => runner.AsEngine([Loader], [("train", 1)])).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle()
            .Which.ToString().Should().StartWith("COMPAT0704: OwnTrain overrides Train,");
    }

    private sealed class OwnTrain(nn.Module model, RunnerOptions options) : IterBasedRunner(model, options)
    {
        protected override void Train(IterLoader dataLoader) => base.Train(dataLoader);
    }

    private sealed class Resumed(nn.Module model, RunnerOptions options) : IterBasedRunner(model, options)
    {
        public void GoTo(int iter) => State.Iter = iter;
    }

    private sealed class Stopping : EngineHook
    {
        public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) => runner.TrainLoop!.StopTraining = runner.Progress.Iter == 2;
    }

    private sealed class Around(List<string> points) : Hook
    {
        public override void BeforeEpoch(BaseRunner runner) => points.Add("before");

        public override void AfterEpoch(BaseRunner runner) => points.Add("after");

        public override void AfterTrainIter(BaseRunner runner) => points.Add("iter");
    }
}
