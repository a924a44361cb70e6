using Compat.Adapters.Diagnostics;
using Compat.Adapters.Hooks;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks.Arguments;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Training;
using EngineHook = Compat.Engine.Hooks.Hook;

namespace Compat.Adapters.Tests.Hooks;

public sealed class LegacyHooksAdapterTests
{
    [Fact]
    public void Hooks_that_are_registered_after_AsEngine_are_called_and_decide_about_the_update()
    {
        List<double>[] seen = [[], []];
        List<Trainer> trainers = [];
        foreach (int side in (int[])[0, 1])
        {
            Trainer trainer = new();
            Compat.Engine.Runner? engine = side == 1 ? trainer.AsEngine() : null;
            trainer.Runner.RegisterTrainingHooks(Trainer.UsualHooks());
            trainer.Runner.RegisterHook(new ActionHook(runner => seen[side].Add(((ProbeModel)runner.Model).Linear.weight.detach().item<float>())), HookPriority.High);
            if (engine is null)
            {
                trainer.Train(onEngine: false);
            }
            else
            {
                engine.Train();
                engine.OptimWrapper.Should().BeOfType<DeferredOptimWrapper>("a hook came between the step and the update");
            }

            trainers.Add(trainer);
        }

        Same.Should(trainers[0].Trace, trainers[1].Trace);
        seen[1].Should().Equal(seen[0]).And.HaveCount(6);
        trainers.ForEach(trainer => trainer.Dispose());
    }

    [Fact]
    public void A_second_optimizer_hook_that_is_registered_after_AsEngine_is_refused_before_training()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        Compat.Engine.Runner engine = trainer.AsEngine();
        trainer.Runner.RegisterHook(new OwnOptimizerHook());

        engine.Invoking(view => view.Train()).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0202");
        trainer.Trace.Iterations.Should().BeEmpty();
    }

    [Fact]
    public void A_change_that_a_hook_brings_after_AsEngine_stops_before_training()
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        AsEngineOptions translate = new() { Optimization = Optimization.Translate };
        Compat.Engine.Runner engine = trainer.Runner.AsEngine(trainer.Loaders, trainer.Workflow, translate);
        trainer.Runner.RegisterHook(new ActionHook(_ => { }), HookPriority.High);

        engine.Invoking(view => view.Train()).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0203");
        trainer.Trace.Iterations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(HookStage.BeforeRun, 0)]
    [InlineData(HookStage.BeforeTrainIter, 0)]
    [InlineData(HookStage.AfterTrainEpoch, 3)]
    public void A_hook_that_comes_while_it_runs_and_before_the_update_is_refused_unless_hooks_are_kept(HookStage stage, int trained)
    {
        List<int>[] calls = [[], []];
        using Trainer refused = Late(calls[0]);
        using Trainer kept = Late(calls[1]);

        refused.Invoking(trainer => trainer.Train(onEngine: true)).Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0203",
            "A hook was registered while training runs that comes between the step and the update, but the engine's wrapper makes the update within the step. "
            + "Register it before training starts, or set Optimization = Optimization.KeepHooks."));
        kept.Runner.AsEngine(kept.Loaders, kept.Workflow, new AsEngineOptions { Optimization = Optimization.KeepHooks }).Train();

        refused.Trace.Iterations.Should().HaveCount(trained);
        calls[1].Should().HaveCount(6 - trained);

        Trainer Late(List<int> called)
        {
            bool done = false;
            return new Trainer(runner =>
            {
                runner.RegisterTrainingHooks(Trainer.UsualHooks());
                runner.RegisterHook(new PointHook((point, inner) =>
                {
                    if (point == stage && !done)
                    {
                        done = true;
                        inner.RegisterHook(new ActionHook(late => called.Add(late.Iter)), HookPriority.High);
                    }
                }));
            });
        }
    }

    [Fact]
    public void A_second_optimizer_hook_that_comes_while_it_runs_is_refused()
    {
        bool done = false;
        using Trainer trainer = new(runner =>
        {
            runner.RegisterHook(new OwnOptimizerHook());
            runner.RegisterHook(new ActionHook(inner =>
            {
                if (!done)
                {
                    done = true;
                    inner.RegisterHook(new OwnOptimizerHook());
                }
            }));
        });

        trainer.Invoking(own => own.Train(onEngine: true)).Should().Throw<CompatException>().Which.Diagnostics.Should().ContainSingle().Which.Id.Should().Be("COMPAT0202");
        trainer.Runner.Iter.Should().Be(0);
    }

    [Fact]
    public void Hooks_of_the_engine_come_after_all_of_them()
    {
        List<string> calls = [];
        using Trainer trainer = new(runner => runner.RegisterHook(new ActionHook(_ => calls.Add("old")), HookPriority.Lowest), maxEpochs: 1);
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.RegisterHook(new NativeHook(calls), HookPriority.VeryHigh);

        engine.Train();

        calls.Should().Equal("old", "new", "old", "new", "old", "new");
    }

    [Fact]
    public void A_legacy_hook_on_the_view_sees_the_old_runner()
    {
        List<BaseRunner> seen = [];
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks()));
        Compat.Engine.Runner engine = trainer.AsEngine();
        engine.RegisterHook(new PointHook((stage, runner) =>
        {
            seen.Add(runner);
            (runner.Outputs is null).Should().Be(stage is not HookStage.AfterTrainIter);
        }).AsEngine());

        engine.Train();

        seen.Should().HaveCount(18).And.OnlyContain(runner => ReferenceEquals(runner, trainer.Runner));
    }

    private sealed class NativeHook(List<string> calls) : EngineHook
    {
        public override void AfterTrainIter(Compat.Engine.Runner runner, AfterTrainIterArguments arguments) => calls.Add("new");
    }
}
