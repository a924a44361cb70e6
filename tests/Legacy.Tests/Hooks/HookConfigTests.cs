using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Hooks;

/// <summary>Settings and hooks beside one another; this assembly sees public members only.</summary>
public sealed class HookConfigTests
{
    [Fact]
    public void Hooks_are_taken_wherever_settings_are_with_the_priority_of_the_place()
    {
        using StubRunner runner = new();
        Hook schedule = new ActionHook();
        Hook optimizer = new ActionHook();
        Hook timer = new ActionHook();

        runner.RegisterTrainingHooks(new TrainingHookOptions { LrConfig = schedule, OptimizerConfig = optimizer, TimerConfig = timer });

        runner.Hooks.Should().Equal(schedule, optimizer, timer);
        runner.Hooks.Select(hook => runner.PriorityOf(hook)).Should().Equal(HookPriority.VeryHigh, HookPriority.AboveNormal, HookPriority.Low);
    }

    [Fact]
    public void The_methods_that_register_one_hook_take_it_too()
    {
        using StubRunner runner = new();
        Hook[] hooks = [new ActionHook(), new ActionHook(), new ActionHook(), new ActionHook()];

        runner.RegisterLrHook(hooks[0]);
        runner.RegisterOptimizerHook(hooks[1]);
        runner.RegisterHookFromConfig(hooks[2]);
        runner.RegisterTimerHook(hooks[3]);

        runner.Hooks.Should().Equal(hooks);
        runner.PriorityOf(hooks[2]).Should().Be(HookPriority.Normal);
    }

    [Fact]
    public void Settings_are_built_with_the_priority_that_is_asked_for()
    {
        using StubRunner runner = new();

        runner.RegisterHookFromConfig(new IterTimerConfig(), 35);

        runner.PriorityOf(runner.Hooks.Should().ContainSingle().Which).Value.Should().Be(35);
    }

    [Fact]
    public void A_missing_hook_is_refused()
    {
        Action[] conversions =
        [
            () => HookConfig.FromHook(null!),
            () => LrConfig.FromHook(null!),
            () => OptimizerConfig.FromHook(null!),
        ];

        conversions.Should().AllSatisfy(convert => convert.Should().Throw<ArgumentNullException>().WithParameterName("hook"));
    }

    [Fact]
    public void A_derived_kind_of_optimizer_settings_makes_its_own_hook()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2 });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = new ScaledConfig { Factor = 0.5 } });

        runner.Run([ToyDataset.Loader(2)], [("train", 1)]);

        model.Weight.Should().Be(0.5 + (0.25 * 0.5), "the gradient of -1 was halved");
    }

    [Fact]
    public void Without_a_kind_of_its_own_it_is_the_usual_hook() =>
        new OptimizerConfig { GradClip = new GradClipConfig(2) }.Build().Should().BeOfType<OptimizerHook>().Which.Config.GradClip!.MaxNorm.Should().Be(2);

    [Theory]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Whether_epochs_count_is_the_runners_matter_if_the_settings_do_not_say_it(bool? asked, bool expected)
    {
        CountsOf(new StubRunner(), asked).Should().Equal(expected, expected);
        CountsOf(new ByIterationRunner(), asked).Should().Equal([asked ?? false, asked ?? false], "a runner may count iterations");
    }

    [Fact]
    public void Registered_by_themselves_schedules_and_loggers_count_epochs_as_in_mmcv()
    {
        using ByIterationRunner runner = new();

        runner.RegisterLrHook(new WatchedLrConfig());
        runner.RegisterLoggerHooks(new LogConfig { Interval = 1, Hooks = [new WatchedLoggerConfig()] });

        runner.Hooks.Cast<ICounts>().Should().OnlyContain(hook => hook.CountsEpochs);
    }

    [Fact]
    public void A_derived_runner_can_register_hooks_of_its_own()
    {
        using TimerlessRunner runner = new();

        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = new OptimizerConfig() });

        runner.Hooks.Should().ContainSingle().Which.Should().BeOfType<OptimizerHook>();
    }

    private static bool[] CountsOf(BaseRunner runner, bool? asked)
    {
        using BaseRunner owned = runner;
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = new WatchedLrConfig { ByEpoch = asked },
            LogConfig = new LogConfig { Interval = 1, Hooks = [new WatchedLoggerConfig { ByEpoch = asked }] },
            TimerConfig = null,
        });
        return [.. runner.Hooks.Cast<ICounts>().Select(hook => hook.CountsEpochs)];
    }

    private interface ICounts
    {
        bool CountsEpochs { get; }
    }

    private sealed class ByIterationRunner() : BaseRunner(new StepModel(), new RunnerOptions { Logger = new ListLogger() })
    {
        protected override bool DefaultByEpoch => false;
    }

    private sealed class TimerlessRunner() : BaseRunner(new StepModel(), new RunnerOptions { Logger = new ListLogger() })
    {
        public override void RegisterTrainingHooks(TrainingHookOptions options) => base.RegisterTrainingHooks(options with { TimerConfig = null });
    }

    private sealed record WatchedLrConfig : LrConfig
    {
        public override Hook Build() => new WatchedLrHook(this);
    }

    private sealed class WatchedLrHook(LrConfig config) : LrUpdaterHook(config), ICounts
    {
        public bool CountsEpochs => ByEpoch;

        protected override double GetLr(BaseRunner runner, double baseLr) => baseLr;
    }

    private sealed record WatchedLoggerConfig : LoggerConfig
    {
        public override WatchedLogger Build() => new(this);
    }

    private sealed class WatchedLogger(LoggerConfig config) : LoggerHook(config), ICounts
    {
        public bool CountsEpochs => ByEpoch;

        protected override void Log(BaseRunner runner)
        {
        }
    }

    private sealed record ScaledConfig : OptimizerConfig
    {
        public double Factor { get; init; } = 1;

        public override Hook Build() => new ScaledHook(this);
    }

    private sealed class ScaledHook(ScaledConfig config) : Hook
    {
        public override void AfterTrainIter(BaseRunner runner)
        {
            runner.Optimizer!.Single.zero_grad();
            (runner.Outputs!.Loss! * config.Factor).backward();
            runner.Optimizer.Single.step();
        }
    }
}
