using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Runners;

public sealed class RunnerAdapterExtensionsTests
{
    [Fact]
    public void The_same_arguments_give_the_same_view_and_other_ones_another()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        Compat.Engine.Runner view = trainer.AsEngine();

        trainer.Runner.AsEngine([.. trainer.Loaders], [("train", 1)]).Should().BeSameAs(view);
        trainer.Runner.AsEngine([ToyDataset.Loader(4)], trainer.Workflow).Should().NotBeSameAs(view);
    }

    [Fact]
    public void The_view_gives_the_old_runner_back()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        trainer.AsEngine().AsLegacy().Should().BeSameAs(trainer.Runner);
    }

    [Fact]
    public void A_runner_that_is_no_view_has_no_old_runner()
    {
        using TemporaryFolder folder = new();
        using EngineToyModel model = new(sums: true);
        using Compat.Engine.Runner engine = new(new() { Model = model, WorkDir = folder.Path, Logger = new ListLogger() });

        Action back = () => engine.AsLegacy();

        back.Should().Throw<InvalidOperationException>().WithMessage("This runner was not made by AsEngine, so there is no old runner behind it.");
    }

    [Fact]
    public void Several_optimizer_hooks_are_refused()
    {
        using Trainer trainer = new(runner =>
        {
            runner.RegisterOptimizerHook(new OptimizerConfig());
            runner.RegisterHook(new CountingOptimizerHook());
        });

        Refusals(trainer).Should().Equal("COMPAT0202: The runner has 2 optimizer hooks: each iteration would update 2 times. Keep one.");
    }

    [Fact]
    public void A_workflow_with_another_flow_is_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [trainer.Loaders[0], trainer.Loaders[0]], [("train", 1), ("val", 1)]).Should().Equal(
            "COMPAT0701: The workflow is [('train', 1), ('val', 1)] with 2 loaders; the engine takes one 'train' flow with one loader. "
            + "Validate after training with the old code, or port the validation to the engine's ValLoop.");
    }

    [Fact]
    public void Loaders_and_flows_that_do_not_match_are_refused()
    {
        using Trainer trainer = new();

        Refusals(trainer, [], [("train", 1)]).Should().ContainSingle().Which.Should().StartWith("COMPAT0701: The workflow is [('train', 1)] with 0 loaders;");
    }

    [Fact]
    public void A_runner_without_a_limit_is_refused()
    {
        using Trainer trainer = new(maxEpochs: null);

        Refusals(trainer).Should().Equal(
            "COMPAT0702: The runner has no MaxEpochs, so the engine does not know when to stop. Set MaxEpochs in the runner's options.");
    }

    [Fact]
    public void A_runner_that_was_started_is_refused()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        trainer.Train(onEngine: false);

        Refusals(trainer).Should().Equal("COMPAT0703: The runner has trained 6 iterations already. Call AsEngine on a new runner.");
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
        trainer.PretendToHaveTrained(3);

        Refusals(trainer, trainer.Loaders, [("val", 1)]).Select(text => text[..10]).Should().Equal("COMPAT0202", "COMPAT0701", "COMPAT0702", "COMPAT0703");
    }

    [Fact]
    public void A_usual_trainer_is_not_refused()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        trainer.Invoking(usual => usual.AsEngine()).Should().NotThrow();
    }

    [Fact]
    public void Missing_arguments_are_refused()
    {
        using Trainer trainer = new();
        Action noRunner = () => ((EpochBasedRunner)null!).AsEngine(trainer.Loaders, trainer.Workflow);
        Action noLoaders = () => trainer.Runner.AsEngine(null!, trainer.Workflow);
        Action noWorkflow = () => trainer.Runner.AsEngine(trainer.Loaders, null!);

        noRunner.Should().Throw<ArgumentNullException>().WithParameterName("legacy");
        noLoaders.Should().Throw<ArgumentNullException>().WithParameterName("dataLoaders");
        noWorkflow.Should().Throw<ArgumentNullException>().WithParameterName("workflow");
    }

    [Fact]
    public void Legacy_hooks_see_the_same_on_the_engine()
    {
        StageTraceHook[] hooks = [new(), new()];
        foreach (bool onEngine in new[] { false, true })
        {
            using Trainer trainer = new(runner =>
            {
                runner.RegisterTrainingHooks(Trainer.UsualHooks() with { CustomHooks = [hooks[onEngine ? 1 : 0]] });
            });
            trainer.Train(onEngine);
        }

        hooks[1].Calls.Should().HaveCount(1 + (2 * (1 + 3 + 3 + 1)) + 1);
        hooks[1].Calls.Should().Equal(hooks[0].Calls);
    }

    [Fact]
    public void What_hooks_see_shows_another_schedule()
    {
        StageTraceHook[] hooks = [new(), new()];
        foreach (bool changed in new[] { false, true })
        {
            using Trainer trainer = new(runner => runner.RegisterTrainingHooks(
                Trainer.UsualHooks() with { LrConfig = new StepLrConfig { Step = [changed ? 2 : 1] }, CustomHooks = [hooks[changed ? 1 : 0]] }));
            trainer.Train(changed);
        }

        hooks[1].Calls.Should().NotEqual(hooks[0].Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_usual_trainer_gives_the_same_weights_values_and_lines(bool zeroFilled)
    {
        LegacyBehavior behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = zeroFilled };
        using Trainer legacy = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), behavior: behavior).Train(onEngine: false);
        using Trainer engine = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), behavior: behavior).Train(onEngine: true);

        Same.Should(legacy.Trace, engine.Trace);
        engine.Lines.Should().Equal(legacy.Lines).And.HaveCount(2);
    }

    [Fact]
    public void Another_learning_rate_is_seen()
    {
        using Trainer legacy = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks())).Train(onEngine: false);
        using Trainer engine = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks() with { LrConfig = null })).Train(onEngine: true);

        TraceComparison comparison = TraceComparison.Of(legacy.Trace, engine.Trace, ComparisonRules.LegacyAgainstMigrating);

        comparison.Agrees.Should().BeFalse();
        comparison.FirstDifference!.ToString().Should().Be("iteration 4, learning rate, lr: 0.001 against 0.01");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(double.PositiveInfinity)]
    public void Clipping_gives_the_same_weights_and_the_same_norm_in_the_lines(double normType)
    {
        OptimizerConfig config = new() { GradClip = new GradClipConfig(0.25, normType) };

        (Trainer legacy, Trainer engine) = Both(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(config)));

        Same.Should(legacy.Trace, engine.Trace);
        engine.Lines.Should().Equal(legacy.Lines).And.HaveCount(2).And.OnlyContain(line => line.Contains("grad_norm: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Clipping_changes_the_weights()
    {
        (Trainer clipped, Trainer _) = Both(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new OptimizerConfig { GradClip = new GradClipConfig(0.25) })));
        (Trainer plain, Trainer _) = Both(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        TraceComparison.Of(plain.Trace, clipped.Trace, ComparisonRules.LegacyAgainstMigrating).Agrees.Should().BeFalse();
    }

    [Fact]
    public void Parameters_that_the_optimizer_does_not_hold_are_clipped_on_both_sides()
    {
        List<string>[] lines = [[], []];
        foreach (bool onEngine in new[] { false, true })
        {
            using ProbeModel model = new(new());
            using optim.Optimizer optimizer = optim.SGD(model.Linear.parameters(), 0.01);
            ListLogger logger = new();
            using EpochBasedRunner runner = new(
                model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 1, Time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider() });
            runner.RegisterTrainingHooks(Trainer.UsualHooks(new OptimizerConfig { GradClip = new GradClipConfig(0.25) }));
            BatchLoader[] loaders = [new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 2 })];
            if (onEngine)
            {
                runner.AsEngine(loaders, [("train", 1)]).Train();
            }
            else
            {
                runner.Run(loaders, [("train", 1)]);
            }

            lines[onEngine ? 1 : 0].AddRange(logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal)));
        }

        lines[1].Should().Equal(lines[0]).And.HaveCount(2);
    }

    [Fact]
    public void A_derived_optimizer_hook_is_run_as_it_is()
    {
        List<CountingOptimizerHook> hooks = [];

        (Trainer legacy, Trainer engine) = Both(runner =>
        {
            hooks.Add(new CountingOptimizerHook());
            runner.RegisterHook(hooks[^1], HookPriority.AboveNormal);
        });

        Same.Should(legacy.Trace, engine.Trace);
        hooks.Select(hook => hook.Steps).Should().Equal(6, 6);
    }

    [Fact]
    public void A_hook_before_the_optimizer_hook_sees_the_weights_before_the_update()
    {
        List<double>[] seen = [[], []];
        int side = 0;

        (Trainer legacy, Trainer engine) = Both(runner =>
        {
            List<double> values = seen[side++];
            runner.RegisterTrainingHooks(Trainer.UsualHooks());
            runner.RegisterHook(new ActionHook(inner => values.Add(Weight(inner.Model))), HookPriority.High);
        });

        Same.Should(legacy.Trace, engine.Trace);
        seen[1].Should().Equal(seen[0]).And.HaveCount(6);
        seen[1][0].Should().BeApproximately(0.3, 1e-7, "the first update is still to come");
    }

    [Fact]
    public void A_hook_behind_the_optimizer_hook_sees_the_weights_after_the_update_and_the_gradients()
    {
        List<(double Weight, double Gradient)>[] seen = [[], []];
        int side = 0;

        (Trainer legacy, Trainer engine) = Both(runner =>
        {
            List<(double Weight, double Gradient)> values = seen[side++];
            runner.RegisterTrainingHooks(Trainer.UsualHooks() with
            {
                CustomHooks = [new ActionHook(inner => values.Add((Weight(inner.Model), ((ProbeModel)inner.Model).Linear.weight.grad!.item<float>())))],
            });
        });

        Same.Should(legacy.Trace, engine.Trace);
        seen[1].Should().Equal(seen[0]).And.HaveCount(6);
        seen[1][0].Weight.Should().NotBe(0.3f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_that_updates_its_weights_itself_works(bool namesOptimizer)
    {
        StepOutputs Step(ProbeModel model, ToyBatch batch, OptimizerSet? optimizers)
        {
            optim.Optimizer optimizer = namesOptimizer ? optimizers!["main"] : optimizers!.Single;
            Tensor loss = model.Loss(batch);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            return model.Usual(batch);
        }

        TrainingHookOptions hooks = Trainer.UsualHooks() with { OptimizerConfig = null };

        (Trainer legacy, Trainer engine) = Both(runner => runner.RegisterTrainingHooks(hooks), Step, namesOptimizer);

        Same.Should(legacy.Trace, engine.Trace);
        engine.Lines.Should().Equal(legacy.Lines).And.HaveCount(2);
        engine.Lines[0].Should().Contain(namesOptimizer ? "lr_main: 1.000e-02" : "lr: 1.000e-02");
        Weight(engine.Model).Should().NotBe(0.3f);
    }

    [Fact]
    public void A_hook_that_freezes_batch_norm_at_the_beginning_of_an_epoch_holds()
    {
        (Trainer legacy, Trainer engine) = Both(runner =>
        {
            runner.RegisterTrainingHooks(Trainer.UsualHooks());
            runner.RegisterHook(new FreezingHook());
        });

        Same.Should(legacy.Trace, engine.Trace);
        RunningMean(engine.Model).Should().Be(0);
        engine.Model.Linear.training.Should().BeTrue();
    }

    [Fact]
    public void Without_that_hook_batch_norm_learns()
    {
        (Trainer legacy, Trainer engine) = Both(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        RunningMean(engine.Model).Should().NotBe(0).And.Be(RunningMean(legacy.Model));
    }

    [Fact]
    public void A_step_without_a_loss_is_named_on_both_sides()
    {
        foreach (bool onEngine in new[] { false, true })
        {
            using Trainer trainer = new(
                runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), (_, _, _) => new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["acc"] = 1.0 } });

            trainer.Invoking(failing => failing.Train(onEngine)).Should().Throw<KeyNotFoundException>().WithMessage(
                "ProbeModel.TrainStep returned no loss. Keys present: num_samples, log_vars.*");
        }
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_named_the_same_on_both_sides()
    {
        List<string> messages = [];
        foreach (bool onEngine in new[] { false, true })
        {
            int iteration = 0;
            using Trainer trainer = new(
                runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()),
                (model, batch, _) => new StepOutputs
                {
                    Loss = model.Loss(batch),
                    NumSamples = 1,
                    LogVars = new LogVars { ["loss_box"] = iteration++ == 4 ? double.NaN : 1.0 },
                });
            messages.Add(trainer.Invoking(failing => failing.Train(onEngine)).Should().Throw<NonFiniteLossException>().Which.Message);
        }

        messages[0].Should().StartWith("The loss is not finite: 'loss_box' is NaN at iteration 4 (counted from 0).");
        messages[1].Should().Be(messages[0]);
    }

    [Fact]
    public void A_hook_that_is_registered_on_the_way_is_called()
    {
        int calls = 0;
        using Trainer trainer = new(runner =>
        {
            runner.RegisterTrainingHooks(Trainer.UsualHooks());
            runner.RegisterHook(new LateHook(new ActionHook(_ => calls++)));
        });

        trainer.Train(onEngine: true);

        calls.Should().Be(6);
    }

    [Fact]
    public void Live_tensors_do_not_grow()
    {
        using Trainer trainer = new(
            runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new OptimizerConfig { GradClip = new GradClipConfig(0.25) })), maxEpochs: 20);
        List<long> live = [];
        trainer.Runner.RegisterHook(
            new ActionHook(runner =>
            {
                // Right after the flush of the logger, at inner iteration 1.
                if (runner.Epoch is 1 or 19 && runner.InnerIter == 1)
                {
                    live.Add(live.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
                }
            }),
            HookPriority.Lowest);

        trainer.Train(onEngine: true);

        live.Should().HaveCount(2);
        live[1].Should().Be(live[0]);
    }

    [Fact]
    public void Two_trainers_advanced_in_turn_give_what_each_gives_alone()
    {
        using Trainer alone = new Trainer(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks())).Train(onEngine: false);
        using Trainer legacy = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        using Trainer engine = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));

        int steps = legacy.Runner.RunIterations(legacy.Loaders, legacy.Workflow).Zip(engine.AsEngine().TrainIterations()).Count();

        steps.Should().Be(6);
        Same.Should(alone.Trace, legacy.Trace);
        Same.Should(alone.Trace, engine.Trace);
    }

    private static List<string> Refusals(Trainer trainer, IReadOnlyList<BatchLoader>? loaders = null, IReadOnlyList<WorkflowStep>? workflow = null)
    {
        Action convert = () => trainer.Runner.AsEngine(loaders ?? trainer.Loaders, workflow ?? trainer.Workflow);
        return [.. convert.Should().Throw<CompatException>().Which.Diagnostics.Select(diagnostic => diagnostic.ToString())];
    }

    private static (Trainer Legacy, Trainer Engine) Both(
        Action<EpochBasedRunner> registerHooks, Func<ProbeModel, ToyBatch, OptimizerSet?, StepOutputs>? step = null, bool namesOptimizer = false) =>
        (new Trainer(registerHooks, step, namesOptimizer).Train(onEngine: false), new Trainer(registerHooks, step, namesOptimizer).Train(onEngine: true));

    private static double Weight(nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        return ((ProbeModel)model).Linear.weight.detach().item<float>();
    }

    private static double RunningMean(ProbeModel model)
    {
        using DisposeScope scope = NewDisposeScope();
        return model.Norm.running_mean!.item<float>();
    }

    private sealed class CountingOptimizerHook : OptimizerHook
    {
        public int Steps { get; private set; }

        public override void AfterTrainIter(BaseRunner runner)
        {
            base.AfterTrainIter(runner);
            Steps++;
        }
    }

    private sealed class FreezingHook : Hook
    {
        public override void BeforeTrainEpoch(BaseRunner runner)
        {
            BatchNorm1d norm = ((ProbeModel)runner.Model).Norm;
            norm.eval();
        }
    }

    private sealed class LateHook(Hook late) : Hook
    {
        public override void BeforeRun(BaseRunner runner) => runner.RegisterHook(late);
    }
}
