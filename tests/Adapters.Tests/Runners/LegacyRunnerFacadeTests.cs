using System.Globalization;
using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Runners;

public sealed class LegacyRunnerFacadeTests
{
    [Fact]
    public void What_a_hook_logs_reaches_the_hub_with_its_weight()
    {
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterTrainingHooks(Trainer.UsualHooks());
                runner.RegisterHook(new ActionHook(old => old.LogBuffer.Update(
                    new LogVars { ["mine"] = UnevenSteps.Losses[old.Iter] * 10 }, old.Outputs!.NumSamples!.Value * 3)));
            },
            UnevenSteps.Make(),
            maxEpochs: 1);
        Compat.Engine.Runner engine = trainer.AsEngine();

        engine.Train();

        // What MMCV's LogBuffer gives for the same values and numbers of samples.
        engine.MessageHub.GetScalar("train/mine").Mean().Should().Be(9.84);
        engine.MessageHub.GetScalar("train/mine").Mean(2).Should().Be(11.733333333333333);
        engine.MessageHub.GetScalar("train/acc").Mean().Should().Be(0.328);
        engine.LogProcessor.AfterIter(engine, 2, LoopMode.Train).Line.Should().Contain("loss: 0.9840").And.Contain("mine: 29.0000");
    }

    [Fact]
    public void On_a_native_runner_a_hook_sees_the_time_of_the_engines_files()
    {
        using TemporaryFolder folder = new();
        using EngineToyModel model = new(sums: true);
        FakeTimeProvider time = new() { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        string? seen = null;
        using Compat.Engine.Runner engine = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(2),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            CustomHooks = [new ActionHook(old => seen = old.Timestamp).AsEngine()],
            Device = CPU,
            Logger = new ListLogger(),
            Time = time,
        });

        engine.Train();

        seen.Should().Be(engine.Timestamp).And.NotBe(time.GetLocalNow().ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_value_arrives_once_in_an_iteration(bool translated)
    {
        OptimizerConfig clip = new() { GradClip = new GradClipConfig(0.25) };
        using Trainer trainer = new(
            runner =>
            {
                if (translated)
                {
                    runner.RegisterTrainingHooks(Trainer.UsualHooks(clip));
                    return;
                }

                runner.RegisterHook(new OwnOptimizerHook(clip), HookPriority.AboveNormal);
                runner.RegisterHook(new Compat.Legacy.IterTimerHook(), HookPriority.Low);
            },
            UnevenSteps.Make());
        Compat.Engine.Runner engine = trainer.AsEngine();

        engine.Train();

        engine.MessageHub.Scalars.Should().OnlyContain(history => history.Value.Count == 6).And.HaveCount(6);
        engine.MessageHub.Scalars.Keys.Should().BeEquivalentTo("train/lr", "train/loss", "train/acc", "train/grad_norm", "train/time", "train/data_time");
    }

    [Theory]
    [InlineData(Optimization.KeepHooks)]
    [InlineData(Optimization.Translate)]
    public void The_norm_of_a_scaled_update_is_logged_with_the_weight_of_the_batch(Optimization optimization)
    {
        Fp16OptimizerConfig clip = new() { GradClip = new GradClipConfig(0.25), LossScale = 8.0, Dtype = ScalarType.BFloat16 };
        using Trainer trainer = new(runner => runner.RegisterHook(new Fp16OptimizerHook(clip), HookPriority.AboveNormal), UnevenSteps.Make());
        using Compat.Engine.Runner engine = trainer.Runner.AsEngine(trainer.Loaders, trainer.Workflow, new() { Optimization = optimization });

        engine.Train();

        HistoryBuffer norm = engine.MessageHub.GetScalar("train/grad_norm");
        norm.Count.Should().Be(6);
        norm.Mean().Should().BePositive();
    }

    /// <summary>A hook that looks only after the step.</summary>
    [Fact]
    public void On_a_native_runner_a_hook_after_the_iteration_alone_sees_the_batch_and_its_position()
    {
        List<(int, bool)> seen = [];
        using TemporaryFolder folder = new();
        using ProbeModel model = new(new());
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model.AsEngine(),
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = new BatchLoader(new RampDataset(4), new BatchLoaderOptions { BatchSize = 2 }),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
            CustomHooks = [new AfterIterOnly(inner => seen.Add((inner.InnerIter, inner.DataBatch is not null))).AsEngine()],
        });

        runner.Train();

        seen.Should().Equal((0, true), (1, true));
    }

    [Fact]
    public void The_norm_of_the_gradients_has_the_same_weighted_mean_whether_the_hook_is_translated_or_kept()
    {
        OptimizerConfig clip = new() { GradClip = new GradClipConfig(0.25) };
        double[] means = new double[2];
        foreach (int kept in (int[])[0, 1])
        {
            using Trainer trainer = new(
                runner => runner.RegisterHook(kept == 1 ? new OwnOptimizerHook(clip) : new OptimizerHook(clip), HookPriority.AboveNormal), UnevenSteps.Make());
            Compat.Engine.Runner engine = trainer.AsEngine();
            engine.Train();
            HistoryBuffer norm = engine.MessageHub.GetScalar("train/grad_norm");
            means[kept] = norm.Mean();
        }

        means[1].Should().Be(means[0]);
        means[0].Should().BePositive();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Beside_the_engines_timer_times_are_logged_once(bool engineTimer)
    {
        using TemporaryFolder folder = new();
        using ProbeModel model = new(new());
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model.AsEngine(),
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(6),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            DefaultHooks = new() { Timer = engineTimer },
            CustomHooks =
            [
                new LegacyHookAdapter(new Compat.Legacy.IterTimerHook()),
                new LegacyHookAdapter(new ActionHook(old => old.LogBuffer.Update(new LogVars { ["mine"] = 1 }))),
            ],
            Logger = new ListLogger(),
        });

        runner.Train();

        string[] names = ["train/time", "train/data_time", "train/mine", "train/loss"];
        names.Should().AllSatisfy(name => runner.MessageHub.GetScalar(name).Count.Should().Be(3));
    }

    [Fact]
    public void A_model_that_is_trained_again_belongs_to_the_second_runner_alone()
    {
        List<(OptimizerSet? Seen, string Run)> steps = [];
        string run = "first";
        using ProbeModel model = new(new(), (probe, batch, optimizer) =>
        {
            steps.Add((optimizer, run));
            return probe.Usual(batch);
        });
        StepOutputs? late = null;
        ActionHook hook = new(runner => late = runner.Outputs);
        using TemporaryFolder folder = new();
        using (Compat.Engine.Runner first = Native(model, folder, NonFiniteLoss.Error, hook))
        {
            first.Train();
        }

        late = null;
        run = "second";
        using Compat.Engine.Runner second = Native(model, folder, NonFiniteLoss.Error);
        second.Train();

        late.Should().BeNull();
        steps.Where(step => step.Run == "second").Should().HaveCount(3).And.OnlyContain(
            step => ReferenceEquals(step.Seen!.Single, ((OptimWrapper)second.OptimWrapper).Optimizer));
    }

    [Theory]
    [InlineData(NonFiniteLoss.Error)]
    [InlineData(NonFiniteLoss.Ignore)]
    public void A_loss_that_is_not_finite_is_treated_as_the_engines_options_say(NonFiniteLoss rule)
    {
        using ProbeModel model = new(new(), (probe, batch, _) => probe.Usual(batch) with { LogVars = new LogVars { ["loss_box"] = double.NaN } });
        using TemporaryFolder folder = new();
        using Compat.Engine.Runner runner = Native(model, folder, rule, new TextLoggerHook(), new Compat.Legacy.IterTimerHook());

        Action train = () => runner.Train();

        if (rule == NonFiniteLoss.Error)
        {
            train.Should().Throw<NonFiniteLossException>();
        }
        else
        {
            train.Should().NotThrow();
        }
    }

    private static Compat.Engine.Runner Native(ProbeModel model, TemporaryFolder folder, NonFiniteLoss rule, params Compat.Legacy.Hook[] hooks) => new(new()
    {
        Model = model.AsEngine(),
        WorkDir = folder.Path,
        TrainDataloader = ToyDataset.Loader(6),
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
        CustomHooks = [.. hooks.Select(hook => new LegacyHookAdapter(hook))],
        NonFiniteLoss = rule,
        Logger = new ListLogger(),
    });

    private sealed class AfterIterOnly(Action<BaseRunner> look) : Compat.Legacy.Hook
    {
        public override void AfterTrainIter(BaseRunner runner) => look(runner);
    }
}
