using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Training;

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

    private sealed class OwnOptimizerHook(OptimizerConfig config) : OptimizerHook(config);
}
