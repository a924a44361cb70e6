using Compat.Engine.Hooks;
using Compat.Engine.Tests.Support;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Hooks;

public sealed class HookListTests
{
    [Fact]
    public void The_default_hooks_stand_in_the_order_of_the_original_and_custom_ones_behind_those_of_their_priority()
    {
        using TestRun run = new();
        using Runner runner = new(run.Options with { CustomHooks = [new RecordingHook()] });

        runner.Hooks.All.Select(hook => hook.Name).Should().Equal(
            "RuntimeInfoHook", "IterTimerHook", "DistSamplerSeedHook", "RecordingHook", "LoggerHook", "ParamSchedulerHook");
        runner.Hooks.All.Select(hook => runner.Hooks.PriorityOf(hook).Value).Should().Equal(10, 50, 50, 50, 60, 70);
    }

    [Fact]
    public void Each_default_hook_can_be_left_out()
    {
        using TestRun run = new();
        using Runner runner = new(run.Options with
        {
            DefaultHooks = new DefaultHooks { RuntimeInfo = false, Timer = false, SamplerSeed = false, Logger = null, ParamScheduler = false },
        });

        runner.Hooks.All.Should().BeEmpty();
    }

    [Fact]
    public void A_given_priority_wins_over_the_hooks_own()
    {
        using TestRun run = new();
        using Runner runner = new(run.Options);
        RecordingHook hook = new();

        runner.RegisterHook(hook, 3);

        runner.Hooks.All[0].Should().BeSameAs(hook);
        runner.Hooks.PriorityOf(hook).Should().Be(new HookPriority(3));
    }

    [Fact]
    public void The_same_hook_twice_and_null_are_refused()
    {
        using TestRun run = new();
        RecordingHook hook = new();
        using Runner runner = new(run.Options with { CustomHooks = [hook] });

        Action twice = () => runner.RegisterHook(hook);
        Action nothing = () => runner.RegisterHook(null!);
        Action unknown = () => runner.Hooks.PriorityOf(new RecordingHook());

        twice.Should().Throw<ArgumentException>().WithMessage("This RecordingHook is registered already. Register a new object to have two of them.*");
        nothing.Should().Throw<ArgumentNullException>();
        unknown.Should().Throw<KeyNotFoundException>().WithMessage("This RecordingHook is not registered with this runner.");
    }

    [Fact]
    public void The_list_is_printed_when_training_starts()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { DefaultHooks = new DefaultHooks { Logger = null } });

        run.Logger.Lines.Should().Contain("Hooks will be executed in the following order:\n" + runner.Hooks.Describe());
        runner.Hooks.Describe().Should().Be(string.Join('\n', (string[])
        [
            "before_run:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
            "before_train:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "before_train_epoch:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), Line("NORMAL", "DistSamplerSeedHook"),
            " -------------------- ",
            "before_train_iter:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_train_iter:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), Line("LOW", "ParamSchedulerHook"),
            " -------------------- ",
            "after_train_epoch:", Line("NORMAL", "IterTimerHook"), Line("LOW", "ParamSchedulerHook"), " -------------------- ",
            "before_val:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
            "before_val_epoch:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "before_val_iter:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_val_iter:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_val_epoch:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), Line("LOW", "ParamSchedulerHook"), " -------------------- ",
            "after_val:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
            "after_train:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
            "before_test:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
            "before_test_epoch:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "before_test_iter:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_test_iter:", Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_test_epoch:", Line("VERY_HIGH", "RuntimeInfoHook"), Line("NORMAL", "IterTimerHook"), " -------------------- ",
            "after_test:", Line("VERY_HIGH", "RuntimeInfoHook"), " -------------------- ",
        ]));
    }

    private static string Line(string priority, string name) => $"({priority,-12}) {name,-35}";
}
