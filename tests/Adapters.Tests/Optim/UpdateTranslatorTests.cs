using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Amp;
using Compat.Torch.Serialization;
using Compat.Torch.Training;

namespace Compat.Adapters.Tests.Optim;

public sealed class UpdateTranslatorTests
{
    private static readonly OptimizerConfig Clip = new() { GradClip = new GradClipConfig(0.25) };

    [Theory]
    [InlineData(Optimization.Automatic, false, true)]
    [InlineData(Optimization.Automatic, true, false)]
    [InlineData(Optimization.KeepHooks, false, false)]
    [InlineData(Optimization.KeepHooks, true, false)]
    [InlineData(Optimization.Translate, false, true)]
    public void A_hook_is_kept_or_translated_as_asked_for_and_the_training_is_the_same(Optimization optimization, bool derived, bool translated)
    {
        void Register(EpochBasedRunner runner) => runner.RegisterTrainingHooks(
            Trainer.UsualHooks(derived ? OptimizerConfig.FromHook(new OwnOptimizerHook(Clip)) : Clip));
        using Trainer legacy = new Trainer(Register).Train(onEngine: false);
        using Trainer trainer = new(Register);
        Compat.Engine.Runner engine = AsEngine(trainer, optimization);

        engine.Train();

        (engine.OptimWrapper is OptimWrapper).Should().Be(translated);
        (engine.OptimWrapper is DeferredOptimWrapper).Should().Be(!translated);
        Same.Should(legacy.Trace, trainer.Trace);
        trainer.Lines.Should().Equal(legacy.Lines).And.HaveCount(2);
        trainer.Lines[0].Should().Contain("grad_norm");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_parameter_that_is_used_no_more_moves_on_if_the_old_runner_fills_gradients_with_zeros(bool zeroFilled)
    {
        using Trainer legacy = UsingNormOnce(zeroFilled).Train(onEngine: false);
        using Trainer engine = UsingNormOnce(zeroFilled).Train(onEngine: true);

        Same.Should(legacy.Trace, engine.Trace);
        (NormWeight(engine.Trace.Iterations[^1]) != NormWeight(engine.Trace.Iterations[0])).Should().Be(zeroFilled, "its momentum goes on only with a gradient");
    }

    [Fact]
    public void A_hook_that_looks_for_anomalous_parameters_is_kept()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(Clip with { DetectAnomalousParams = true })));
        Compat.Engine.Runner engine = AsEngine(trainer, Optimization.Automatic);

        engine.Train();

        engine.OptimWrapper.Should().BeOfType<DeferredOptimWrapper>();
    }

    public static TheoryData<OptimizerConfig> KeptHooks =>
    [
        new GradientCumulativeOptimizerConfig { CumulativeIters = 3, GradClip = Clip.GradClip },
        new Fp16OptimizerConfig { LossScale = new GradScalerOptions { InitScale = 8, GrowthInterval = 2 }, GradClip = Clip.GradClip },
        new GradientCumulativeFp16OptimizerConfig { LossScale = 64, CumulativeIters = 3 },
    ];

    [Theory]
    [MemberData(nameof(KeptHooks))]
    public void Hooks_that_accumulate_or_scale_are_kept_and_train_the_same(OptimizerConfig config)
    {
        void Register(EpochBasedRunner runner) => runner.RegisterTrainingHooks(Trainer.UsualHooks(config));
        using Trainer legacy = new Trainer(Register).Train(onEngine: false);
        using Trainer trainer = new(Register);
        Compat.Engine.Runner engine = AsEngine(trainer, Optimization.Automatic);

        engine.Train();

        engine.OptimWrapper.Should().BeOfType<DeferredOptimWrapper>();
        Same.Should(legacy.Trace, trainer.Trace);
        trainer.Lines.Should().Equal(legacy.Lines);
    }

    [Fact]
    public void Another_clip_is_seen()
    {
        using Trainer legacy = Clipped(0.25).Train(onEngine: false);
        using Trainer other = Clipped(0.5).Train(onEngine: true);

        other.Trace.Iterations[^1].Weights[0].Value.Hash.Should().NotBe(legacy.Trace.Iterations[^1].Weights[0].Value.Hash);

        static Trainer Clipped(double norm) => new(
            runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new() { GradClip = new GradClipConfig(norm) })));
    }

    [Fact]
    public void What_a_translation_changes_for_hooks_before_the_update_stops_unless_it_is_accepted()
    {
        List<float>[] seen = [[], [], []];
        int side = 0;
        using Trainer legacy = WithHookBefore(seen[side++]).Train(onEngine: false);
        using Trainer refused = WithHookBefore(seen[side++]);
        using Trainer accepted = WithHookBefore(seen[side++]);

        refused.Invoking(trainer => AsEngine(trainer, Optimization.Translate)).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0203",
            "Between the step and OptimizerHook there are hooks: ActionHook. With the update translated, they come after it: they see the new weights, and what they do "
            + "to outputs or weights comes too late for this update. Use Optimization.Automatic, register them behind the optimizer hook, or add \"COMPAT0203\" to "
            + "AcceptedChanges."));
        AsEngine(accepted, Optimization.Translate, "COMPAT0203").Train();

        Same.Should(legacy.Trace, accepted.Trace);
        seen[1].Should().BeEmpty();
        seen[2].Should().HaveCount(6).And.NotEqual(seen[0]);
        seen[2][0].Should().Be(seen[0][1], "it sees the weights of one update later");
        accepted.Logger.Ours.Should().ContainSingle(line => line.Id == 9080).Which.Text.Should().Contain("\nAccepted: COMPAT0203: Between the step and OptimizerHook there are hooks: ActionHook.");
    }

    [Theory]
    [InlineData(true, "OwnOptimizerHook cannot be translated: what it does beyond an OptimizerHook is not known. ")]
    [InlineData(false, "There is no optimizer hook to translate: the model, or a hook of another kind, updates the weights. ")]
    public void A_translation_that_cannot_be_exact_is_refused_whatever_is_accepted(bool hasHook, string reason)
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks() with { OptimizerConfig = hasHook ? OptimizerConfig.FromHook(new OwnOptimizerHook()) : null }));

        trainer.Invoking(refused => AsEngine(refused, Optimization.Translate, "COMPAT0205")).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(
            new CompatDiagnostic("COMPAT0205", reason + "Use Optimization.Automatic, which keeps the old way, or port the update to the engine's OptimWrapper."));
    }

    [Fact]
    public void A_missing_optimizer_is_named_with_the_hooks_that_need_it()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), hasOptimizer: false);

        trainer.Invoking(refused => refused.AsEngine()).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0204",
            "There is no optimizer, but StepLrUpdaterHook, OptimizerHook, TextLoggerHook need one. Set Optimizer in the runner's options, for example "
            + "Optimizer = new FusedSgd(model.parameters(), new() { Lr = 0.01 })."));
    }

    [Fact]
    public void A_model_with_an_optimizer_of_its_own_needs_none()
    {
        using Trainer trainer = new(runner => runner.RegisterHook(new PointHook((_, _) => { })), hasOptimizer: false, isTraced: false);

        trainer.Invoking(own => own.AsEngine().Train()).Should().NotThrow();
    }

    [Fact]
    public void Several_optimizers_for_a_hook_that_steps_one_are_refused()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()), namesOptimizer: true);

        trainer.Invoking(refused => refused.AsEngine()).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0204",
            "OptimizerHook steps one optimizer, but there are several by name: main. Give one, or leave the hook out and let the model, or a hook of your own, step "
            + "them."));
    }

    [Fact]
    public void A_translated_hook_that_counts_its_last_window_from_a_resume_is_a_change()
    {
        using Trainer legacy = Accumulating().Train(onEngine: false);
        using Trainer refused = Accumulating();
        using Trainer kept = Accumulating().Train(onEngine: true);
        using Trainer accepted = Accumulating();

        refused.Invoking(trainer => AsEngine(trainer, Optimization.Translate)).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle()
            .Which.ToString().Should().StartWith(
                "COMPAT0208: The runner's RemainderRule is FromResume: GradientCumulativeOptimizerHook counts its last window of 4 iterations from where training is resumed.");
        AsEngine(accepted, Optimization.Translate, "COMPAT0208").Train();

        Same.Should(legacy.Trace, kept.Trace);
        Same.Should(legacy.Trace, accepted.Trace);

        static Trainer Accumulating() => new(
            runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new GradientCumulativeOptimizerConfig { CumulativeIters = 4 })),
            behavior: LegacyBehavior.V1_6_1);
    }

    [Fact]
    public void A_hook_that_looks_for_anomalous_parameters_is_kept_and_not_translated()
    {
        using Trainer kept = Looking();
        using Trainer refused = Looking();

        Compat.Engine.Runner engine = AsEngine(kept, Optimization.Automatic);
        engine.Train();

        engine.OptimWrapper.Should().BeOfType<DeferredOptimWrapper>();
        refused.Invoking(trainer => AsEngine(trainer, Optimization.Translate)).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle()
            .Which.ToString().Should().StartWith("COMPAT0205: OptimizerHook cannot be translated: DetectAnomalousParams is set, ");

        static Trainer Looking() => new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks(new() { DetectAnomalousParams = true })));
    }

    [Theory]
    [InlineData(Optimization.KeepHooks)]
    [InlineData(Optimization.Translate)]
    public void The_state_of_a_scaler_comes_from_the_meta_and_goes_into_it(Optimization optimization)
    {
        using Trainer legacy = Scaling().Train(onEngine: false);
        using Trainer engine = Scaling();
        using Compat.Engine.Runner runner = AsEngine(engine, optimization);
        using Trainer other = Scaling(scale: 1024).Train(onEngine: false);

        runner.Train();

        Same.Should(legacy.Trace, engine.Trace);
        State(engine).Should().Be(State(legacy)).And.NotBe(State(other));
        runner.Dispose();
        State(engine).Should().Be(State(legacy), "the meta outlives the engine's runner");

        static string State(Trainer trainer) => string.Join(' ', (PthDict)trainer.Runner.Meta!.Section("fp16")["loss_scaler"]);

        static Trainer Scaling(double scale = 32) => new(runner =>
        {
            runner.RegisterTrainingHooks(Trainer.UsualHooks(new Fp16OptimizerConfig { LossScale = new GradScalerOptions { InitScale = 8 }, GradClip = new(0.5) }));
            runner.Meta = [];
            runner.Meta.Section("fp16")["loss_scaler"] = new PthDict
            {
                ["scale"] = scale, ["growth_factor"] = 2.0, ["backoff_factor"] = 0.5, ["growth_interval"] = 4, ["_growth_tracker"] = 3,
            };
        });
    }

    private static Compat.Engine.Runner AsEngine(Trainer trainer, Optimization optimization, params string[] accepted) => trainer.Runner.AsEngine(
        trainer.Loaders, trainer.Workflow, new AsEngineOptions { Optimization = optimization, AcceptedChanges = accepted });

    private static string NormWeight(IterationTrace iteration) =>
        iteration.Weights.Single(entry => entry.Key.Contains("Norm", StringComparison.Ordinal) && entry.Key.EndsWith(".weight", StringComparison.Ordinal)).Value.Hash;

    private static Trainer UsingNormOnce(bool zeroFilled)
    {
        int steps = 0;
        return new(
            runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()),
            (model, batch, _) => steps++ == 0 ? model.Usual(batch) : new StepOutputs { Loss = model.Linear.forward(batch.Img).pow(2).sum() },
            behavior: LegacyBehavior.V1_7_2 with { ZeroFilledGradients = zeroFilled });
    }

    private static Trainer WithHookBefore(List<float> seen) => new(runner =>
    {
        runner.RegisterTrainingHooks(Trainer.UsualHooks());
        runner.RegisterHook(new ActionHook(inner => seen.Add(((ProbeModel)inner.Model).Linear.weight.detach().item<float>())), HookPriority.High);
    });
}
