using Compat.Adapters.Tests.Support;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Training;

namespace Compat.Adapters.Tests.Runners;

/// <summary>What is said about a training that changes nothing, and about a step that throws, is said on the engine too.</summary>
public sealed class RunnerWatchTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void An_old_trainer_that_trains_gives_no_line_whether_its_hook_is_translated_or_kept(bool onEngine, bool isKept)
    {
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterTrainingHooks(Trainer.UsualHooks() with { OptimizerConfig = isKept ? null : new OptimizerConfig() });
                if (isKept)
                {
                    runner.RegisterHook(new OwnOptimizerHook(), HookPriority.AboveNormal);
                }
            },
            maxEpochs: 5);

        trainer.Train(onEngine);

        trainer.Logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_old_trainer_without_an_optimizer_hook_is_told(bool onEngine)
    {
        using Trainer trainer = new(runner => runner.RegisterTrainingHooks(Trainer.UsualHooks() with { OptimizerConfig = null }), maxEpochs: 5);

        trainer.Train(onEngine);

        trainer.Logger.DoubtsAboutTraining.Should().ContainSingle().Which.Should().StartWith("No parameter of ProbeModel has changed in 10 iterations: nothing updates them.");
    }

    [Theory]
    [InlineData(true, "engine")]
    [InlineData(false, "legacy")]
    public void A_hook_that_throws_is_named_on_both_sides(bool onEngine, string side)
    {
        using Trainer trainer = new(
            runner =>
            {
                runner.RegisterTrainingHooks(Trainer.UsualHooks());
                runner.RegisterHook(new ActionHook(_ => throw new FormatException()));
            },
            maxEpochs: 1);

        Action train = () => trainer.Train(onEngine);

        train.Should().Throw<FormatException>();
        trainer.Logger.Ours.Where(line => line.Id == 9060).Should().ContainSingle().Which.Text.Should().StartWith(
            $"Stopped by FormatException: side {side}, model ProbeModel, epoch 0 and iteration 0 (counted from 0), stage hook ActionHook at AfterTrainIter. The batch is a ");
    }

    private sealed class OwnOptimizerHook : OptimizerHook
    {
        public override void AfterTrainIter(BaseRunner runner) => base.AfterTrainIter(runner);
    }
}
