using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Hooks;
using Compat.Adapters.Optim;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Tests.Optim;

public sealed class UpdateOwnerCheckTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_ported_model_whose_update_is_left_to_a_legacy_hook_trains_as_in_the_old_trainer(bool derived)
    {
        using NativeRun run = new(deferred: true, hooks: derived ? new OwnOptimizerHook() : new OptimizerHook());

        run.Runner.Train();

        run.Weights.Should().Equal(Legacy()).And.HaveCount(10).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Without_clipping_the_weights_would_be_others()
    {
        using NativeRun run = new(deferred: true, hooks: new OptimizerHook(new() { GradClip = new GradClipConfig(0.01) }));

        run.Runner.Train();

        run.Weights.Should().NotEqual(Legacy());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_hook_finds_loss_samples_and_log_values_of_a_ported_model_whoever_updates(bool deferred)
    {
        List<string> seen = [];
        ActionHook hook = new(runner => seen.Add(
            $"{runner.Outputs!.Loss is { requires_grad: true }} {runner.Outputs.NumSamples} {string.Join(' ', runner.Outputs.LogVars!.Names)} {runner.Optimizer?.IsNamed}"));
        using NativeRun run = new(deferred, deferred ? [hook, new OptimizerHook()] : [hook]);

        run.Runner.Train();

        run.Runner.OptimWrapper.Loss.Should().BeNull();
        seen.Should().HaveCount(10).And.OnlyContain(text => text == "True 2 loss loss1 loss2 False");
    }

    [Fact]
    public void An_optimizer_hook_beside_a_wrapper_that_updates_is_refused_before_training()
    {
        using NativeRun run = new(deferred: false, hooks: new OptimizerHook());

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0201", "OptimizerHook is registered, but OptimWrapper updates the weights already: each iteration would update twice. Remove one of the two."));
        run.Steps.Should().Be(0);
    }

    [Fact]
    public void Two_optimizer_hooks_are_refused_before_training()
    {
        using NativeRun run = new(deferred: true, new OptimizerHook(), new OwnOptimizerHook());

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0202", "The runner has 2 optimizer hooks (OptimizerHook, OwnOptimizerHook): each iteration would update 2 times. Keep one."));
        run.Steps.Should().Be(0);
    }

    [Fact]
    public void Everything_is_in_one_report()
    {
        using NativeRun run = new(deferred: false, new OptimizerHook(), new OwnOptimizerHook());

        Refusals(run).Select(diagnostic => diagnostic.Id).Should().Equal("COMPAT0201", "COMPAT0202");
    }

    [Fact]
    public void An_update_that_nobody_makes_is_refused_before_training()
    {
        using NativeRun run = new(deferred: true, new ActionHook(_ => { }));

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0206",
            "The update is left to a legacy optimizer hook, but none is registered: the weights would never change. Add the hook to CustomHooks, for example "
            + "CustomHooks = [new OptimizerHook().AsEngine()], or set Owner = UpdateOwner.Model if the model updates its weights in its own step."));
        run.Steps.Should().Be(0);
    }

    [Fact]
    public void Hooks_without_the_optimizer_that_they_need_are_refused_before_training()
    {
        using NativeRun run = new(optimizers: _ => null, new OptimizerHook(), new LinearAnnealingMomentumUpdaterHook(new() { MinMomentum = 0 }), new TextLoggerHook());

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0204",
            "There is no optimizer, but LinearAnnealingMomentumUpdaterHook, OptimizerHook, TextLoggerHook need one. Give the wrapper one, for example "
            + "new DeferredOptimWrapperOptions(new FusedSgd(model.parameters(), new() { Lr = 0.01 }))."));
        run.Steps.Should().Be(0);
    }

    [Fact]
    public void Several_optimizers_for_a_hook_that_steps_one_are_refused_before_training()
    {
        using NativeRun run = new(optimizers: only => new([KeyValuePair.Create<string, optim.Optimizer>("main", only)]), new OptimizerHook());

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0204",
            "OptimizerHook steps one optimizer, but there are several by name: main. Give one, or leave the hook out and let the model, or a hook of your own, step "
            + "them."));
        run.Steps.Should().Be(0);
    }

    [Fact]
    public void An_optimizer_hook_beside_a_model_that_updates_itself_is_refused_before_training()
    {
        using NativeRun run = new(UpdateOwner.Model, new OptimizerHook());

        Refusals(run).Should().Equal(new CompatDiagnostic(
            "COMPAT0201", "OptimizerHook is registered, but the model itself updates the weights already: each iteration would update twice. Remove one of the two."));
        run.Steps.Should().Be(0);
    }

    [Theory]
    [InlineData(true, "COMPAT0202")]
    [InlineData(false, "COMPAT0201")]
    public void An_optimizer_hook_on_the_view_of_an_old_runner_is_a_second_owner(bool kept, string number)
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(kept ? OptimizerConfig.FromHook(new OwnOptimizerHook()) : null)));
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.RegisterHook(new OptimizerHook().AsEngine());

        engine.Invoking(view => view.Train()).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be(number);
        trainer.Trace.Iterations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_stay_for_legacy_hooks_after_the_iteration(bool hasHook)
    {
        List<bool> seen = [];
        using NativeRun run = new(deferred: false, hasHook ? [new ActionHook(runner => seen.Add(Gradient(runner.Model)))] : []);

        run.Runner.Train();

        seen.Should().HaveCount(hasHook ? 10 : 0).And.NotContain(false);
        Gradient(run.Runner.Model).Should().Be(hasHook);
        run.Runner.OptimWrapper.KeepGradients.Should().Be(hasHook);

        static bool Gradient(nn.Module model)
        {
            using DisposeScope scope = NewDisposeScope();
            return model.parameters().First().grad is not null;
        }
    }

    private static IReadOnlyList<CompatDiagnostic> Refusals(NativeRun run) =>
        run.Runner.Invoking(runner => runner.Train()).Should().Throw<CompatException>().Which.Diagnostics;

    private static List<string> Legacy()
    {
        using LegacyToyModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        List<string> weights = [];
        using EpochBasedRunner runner = new(model, new() { Optimizer = optimizer, Logger = new ListLogger(), MaxEpochs = 2 });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = new OptimizerConfig() });
        runner.RegisterHook(new ActionHook(inner => weights.Add(TensorSnapshot.Of(inner.Model.parameters().First()).Hash)), HookPriority.Lowest);
        runner.Run([ToyDataset.Loader(10)], [("train", 1)]);
        return weights;
    }

    /// <summary>A native runner with a ported model and legacy hooks.</summary>
    private sealed class NativeRun : IDisposable
    {
        private readonly TemporaryFolder folder = new();
        private readonly EngineToyModel model = new(sums: true);
        private readonly FusedSgd optimizer;

        public NativeRun(bool deferred, params LegacyHook[] hooks)
            : this(only => deferred ? new DeferredOptimWrapperOptions(only) : new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } }, hooks)
        {
        }

        public NativeRun(Func<FusedSgd, OptimizerSet?> optimizers, params LegacyHook[] hooks)
            : this(only => new DeferredOptimWrapperOptions(optimizers(only)), hooks)
        {
        }

        public NativeRun(UpdateOwner owner, params LegacyHook[] hooks)
            : this(only => new DeferredOptimWrapperOptions(only) { Owner = owner }, hooks)
        {
        }

        private NativeRun(Func<FusedSgd, BaseOptimWrapperOptions> wrapper, LegacyHook[] hooks)
        {
            optimizer = new(model.parameters(), new() { Lr = 0.01 });
            Runner = new(new()
            {
                Model = model,
                WorkDir = folder.Path,
                TrainDataloader = ToyDataset.Loader(10),
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
                OptimWrapper = wrapper(optimizer),
                DefaultHooks = new DefaultHooks { Logger = null },
                CustomHooks = [new WeightsHook(this), .. hooks.Select(hook => hook.AsEngine())],
                Device = CPU,
                Logger = new ListLogger(),
            });
        }

        public Compat.Engine.Runner Runner { get; }

        public List<string> Weights { get; } = [];

        public int Steps { get; private set; }

        public void Dispose()
        {
            Runner.Dispose();
            optimizer.Dispose();
            model.Dispose();
            folder.Dispose();
        }

        private sealed class WeightsHook(NativeRun run) : Compat.Engine.Hooks.Hook
        {
            public override HookPriority Priority => HookPriority.Lowest;

            public override void BeforeTrainIter(Compat.Engine.Runner runner, BeforeIterArguments arguments) => run.Steps++;

            public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) =>
                run.Weights.Add(TensorSnapshot.Of(runner.Model.parameters().First()).Hash);
        }
    }
}
