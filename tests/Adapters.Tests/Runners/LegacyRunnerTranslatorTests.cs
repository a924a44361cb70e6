using Compat.Adapters.Diagnostics;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyRunnerTranslatorTests
{
    [Fact]
    public void The_engine_has_the_old_runners_folder_clock_and_rule_for_losses()
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = new(
            runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()),
            (model, batch, _) => model.Usual(batch) with { LogVars = new LogVars { ["loss"] = double.NaN } },
            makeRunner: (model, options) => new EpochBasedRunner(model, options with { WorkDir = folder.Path, NonFiniteLoss = NonFiniteLoss.Ignore }));
        using Compat.Engine.Runner engine = trainer.AsEngine();

        (engine.WorkDir, engine.Time).Should().Be((folder.Path, trainer.Time));
        engine.TrainIterations().Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void Several_optimizer_hooks_are_refused()
    {
        using Trainer trainer = new(runner =>
        {
            runner.RegisterOptimizerHook(new OptimizerConfig());
            runner.RegisterHook(new OwnOptimizerHook());
        });

        Refusals(trainer).Should().Equal("COMPAT0202: The runner has 2 optimizer hooks (OptimizerHook, OwnOptimizerHook): each iteration would update 2 times. Keep one.");
    }

    [Fact]
    public void A_validation_of_a_model_without_a_step_for_it_is_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("val", 1)]).Should().Equal(
            "COMPAT0105: The workflow has a 'val' flow, but ProbeModel has no validation step. Let it implement IValStep, or leave the flow out.");
    }

    [Fact]
    public void A_validation_of_no_epochs_needs_no_step()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        trainer.Runner.AsEngine([trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("val", 0)]).Train();

        trainer.Runner.Iter.Should().Be(6);
    }

    [Fact]
    public void Train_flows_of_different_lengths_keep_a_hook_that_accumulates()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new GradientCumulativeOptimizerConfig { CumulativeIters = 2 })));
        BatchLoader[] loaders = [new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 4 }), trainer.Loaders[0]];

        trainer.Invoking(one => one.Runner.AsEngine(loaders, [("train", 1), ("train", 1)], new() { Optimization = Optimization.Translate })).Should().Throw<CompatException>()
            .Which.Diagnostics.Should().ContainSingle().Which.ToString().Should().StartWith(
                "COMPAT0205: GradientCumulativeOptimizerHook cannot be translated: the 'train' flows have 2 and 3 batches,");
        trainer.Invoking(one => one.Runner.AsEngine(loaders, [("train", 1), ("train", 1)]).Train()).Should().NotThrow();
        trainer.Runner.Iter.Should().Be(5);
    }

    [Fact]
    public void Loaders_and_flows_that_do_not_match_are_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [], [("train", 1)]).Should().Equal("COMPAT0705: The workflow is [('train', 1)] with 0 loaders: give one loader for each flow.");
    }

    [Fact]
    public void An_unknown_mode_is_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("test", 1)]).Should().Equal(
            "COMPAT0705: The workflow is [('train', 1), ('test', 1)] with 2 loaders: there is a mode 'test'; write 'train' or 'val'.");
    }

    [Fact]
    public void A_workflow_that_never_trains_is_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, trainer.Loaders, [("train", 0)]).Should().Equal(
            "COMPAT0705: The workflow is [('train', 0)] with 1 loaders: nothing trains in it. Add a flow ('train', 1).");
    }

    [Fact]
    public void A_runner_without_a_limit_is_refused()
    {
        using Trainer trainer = new(maxEpochs: null);

        Refusals(trainer).Should().Equal(
            "COMPAT0702: The runner has no MaxEpochs, so the engine does not know when to stop. Set MaxEpochs in the runner's options.");
    }

    [Fact]
    public void Everything_that_is_refused_is_in_one_report()
    {
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterOptimizerHook(new OptimizerConfig());
                runner.RegisterOptimizerHook(new OptimizerConfig());
            },
            maxEpochs: null);
        Refusals(trainer, trainer.Loaders, [("val", 1)]).Select(text => text[..10]).Should().Equal("COMPAT0202", "COMPAT0705", "COMPAT0105", "COMPAT0702");
    }

    [Fact]
    public void A_usual_trainer_is_not_refused()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        trainer.Invoking(usual => usual.AsEngine()).Should().NotThrow();
    }

    [Fact]
    public void A_runner_that_counts_iterations_where_epochs_are_needed_is_told_so()
    {
        using Trainer trainer = new(maxEpochs: null, maxIters: 100);

        Refusals(trainer).Should().Equal(
            "COMPAT0702: MaxIters is 100, but EpochBasedRunner counts epochs. Set MaxEpochs in the runner's options instead: 100 iterations are 34 epochs of 3 batches.");
    }

    [Theory]
    [InlineData(typeof(OwnRunIter), "RunIter")]
    [InlineData(typeof(OwnTrain), "Train")]
    [InlineData(typeof(OwnTrainDeeper), "Train")]
    [InlineData(typeof(OwnResolveMode), "ResolveMode")]
    [InlineData(typeof(OwnRunIterations), "RunIterations")]
    [InlineData(typeof(OwnEverything), "RunIterations, ResolveMode, Train, RunIter")]
    public void Overridden_members_that_the_engine_does_not_call_are_refused(Type runner, string members)
    {
        using Trainer trainer = new(makeRunner: (model, options) => (EpochBasedRunner)Activator.CreateInstance(runner, model, options)!);

        Refusals(trainer).Should().Equal(
            $"COMPAT0704: {runner.Name} overrides {members}, which the engine does not call: what it does would be lost in silence. Move it into a hook or into the "
            + "model's TrainStep, or run this trainer with Run for now.");
    }

    [Fact]
    public void Members_that_are_called_anyway_can_be_overridden()
    {
        using Trainer trainer = new(makeRunner: (model, options) => new OwnRegistration(model, options));

        trainer.Invoking(usual => usual.AsEngine()).Should().NotThrow();
    }

    [Fact]
    public void An_overridden_validation_counts_only_where_there_is_one()
    {
        using Trainer trainer = new(makeRunner: (model, options) => new OwnVal(model, options));

        trainer.Invoking(usual => usual.AsEngine()).Should().NotThrow();
        Refusals(trainer, [trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("val", 1)]).Select(text => text[..10]).Should().Equal("COMPAT0105", "COMPAT0704");
    }

    [Fact]
    public void An_override_of_RunIterations_that_calls_the_engine_is_honoured()
    {
        using Trainer trainer = new(makeRunner: (model, options) => new OwnRunIterations(model, options));

        trainer.Invoking(own => own.Runner.AsEngine(own.Loaders, own.Workflow, new AsEngineOptions { IsCalledByRunIterations = true })).Should().NotThrow();
    }

    private static List<string> Refusals(Trainer trainer, IReadOnlyList<BatchLoader>? loaders = null, IReadOnlyList<WorkflowStep>? workflow = null)
    {
        Action convert = () => trainer.Runner.AsEngine(loaders ?? trainer.Loaders, workflow ?? trainer.Workflow);
        return [.. convert.Should().Throw<CompatException>().Which.Diagnostics.Select(diagnostic => diagnostic.ToString())];
    }

    private class OwnTrain(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        protected override IEnumerable<int> Train(BatchLoader dataLoader) => base.Train(dataLoader);
    }

    private sealed class OwnTrainDeeper(nn.Module model, RunnerOptions options) : OwnTrain(model, options);

    private sealed class OwnVal(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        protected override IEnumerable<int> Val(BatchLoader dataLoader) => base.Val(dataLoader);
    }

    private sealed class OwnRunIter(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        protected override void RunIter(DataBatch batch, bool trainMode) => base.RunIter(batch, trainMode);
    }

    private sealed class OwnResolveMode(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        protected override Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => base.ResolveMode(mode);
    }

    private class OwnRunIterations(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public override IEnumerable<int> RunIterations(IReadOnlyList<BatchLoader> dataLoaders, IReadOnlyList<WorkflowStep> workflow) =>
            base.RunIterations(dataLoaders, workflow);
    }

    private sealed class OwnEverything(nn.Module model, RunnerOptions options) : OwnRunIterations(model, options)
    {
        protected override IEnumerable<int> Train(BatchLoader dataLoader) => base.Train(dataLoader);

        protected override void RunIter(DataBatch batch, bool trainMode) => base.RunIter(batch, trainMode);

        protected override Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => base.ResolveMode(mode);
    }

    // A method of another signature shares a name and overrides nothing.
    private sealed class OwnRegistration(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        protected override bool DefaultByEpoch => true;

        public static int Train(int epochs) => epochs;

        public override void RegisterTrainingHooks(TrainingHookOptions options) => base.RegisterTrainingHooks(options);
    }
}
