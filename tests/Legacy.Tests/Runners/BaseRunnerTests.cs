using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

public sealed class BaseRunnerTests
{
    [Fact]
    public void Without_a_priority_a_hook_is_normal_and_stands_behind_its_equals()
    {
        using StubRunner runner = new();
        Hook first = new ActionHook();
        Hook high = new ActionHook();
        Hook second = new ActionHook();
        runner.RegisterHook(first);
        runner.RegisterHook(high, HookPriority.High);
        runner.RegisterHook(second, HookPriority.Normal);

        runner.Hooks.Should().Equal(high, first, second);
        runner.PriorityOf(first).Should().Be(HookPriority.Normal);
        runner.PriorityOf(high).Should().Be(HookPriority.High);
    }

    [Fact]
    public void Each_runner_has_a_probe_of_its_own_unless_it_is_given_one()
    {
        IterationProbe shared = new();
        using StubRunner first = new();
        using StubRunner second = new();
        using StubRunner third = new(new RunnerOptions { Logger = new ListLogger(), Probe = shared });

        first.Probe.Should().NotBeSameAs(second.Probe);
        third.Probe.Should().BeSameAs(shared);
    }

    [Fact]
    public void A_hook_can_be_registered_once_only()
    {
        using StubRunner runner = new();
        Hook hook = new ActionHook();
        runner.RegisterHook(hook);

        Action again = () => runner.RegisterHook(hook, HookPriority.Low);

        again.Should().Throw<ArgumentException>().WithMessage("This ActionHook is registered already. Register a new object to have two of them.*");
    }

    [Fact]
    public void The_priority_of_a_stranger_is_refused()
    {
        using StubRunner runner = new();

        Action ask = () => runner.PriorityOf(new ActionHook());

        ask.Should().Throw<KeyNotFoundException>().WithMessage("This ActionHook is not registered with this runner.");
    }

    [Fact]
    public void Training_hooks_are_registered_with_the_priorities_of_mmcv()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = new StepLrConfig { Step = [1] },
            OptimizerConfig = new OptimizerConfig(),
            LogConfig = new LogConfig { Interval = 10 },
            CustomHooks = [new ActionHook()],
        });

        runner.Hooks.Select(hook => $"{hook.GetType().Name} {runner.PriorityOf(hook)}").Should().Equal(
            "StepLrUpdaterHook VERY_HIGH", "OptimizerHook ABOVE_NORMAL", "ActionHook NORMAL", "IterTimerHook LOW", "TextLoggerHook VERY_LOW");
    }

    [Fact]
    public void By_default_only_the_timer_is_registered()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new TrainingHookOptions());

        runner.Hooks.Should().ContainSingle().Which.Should().BeOfType<IterTimerHook>();
    }

    [Fact]
    public void The_timer_can_be_left_out()
    {
        using StubRunner runner = new();
        runner.RegisterTrainingHooks(new TrainingHookOptions { TimerConfig = null });

        runner.Hooks.Should().BeEmpty();
    }

    [Fact]
    public void Registering_nothing_registers_nothing()
    {
        using StubRunner runner = new();
        runner.RegisterLrHook(null);
        runner.RegisterOptimizerHook(null);
        runner.RegisterLoggerHooks(null);

        runner.Hooks.Should().BeEmpty();
    }

    [Theory]
    [InlineData(null, 3)]
    [InlineData(2, 2)]
    public void The_interval_of_a_logger_wins_over_the_common_one(int? own, int used)
    {
        ListLogger logger = new();
        using StepModel model = new((_, _) => new StepOutputs { NumSamples = 1, LogVars = new LogVars { ["acc"] = 1.0 } });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 1, Time = new FakeTimeProvider() });
        runner.RegisterTrainingHooks(new TrainingHookOptions { LogConfig = new LogConfig { Interval = 3, Hooks = [new TextLoggerConfig { Interval = own }] } });

        runner.Run([Compat.TestSupport.Toy.ToyDataset.Loader(12)], [("train", 1)]);

        logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal)).Should().HaveCount(6 / used);
    }

    [Fact]
    public void Hook_info_lists_for_each_point_only_who_overrides_it()
    {
        using StubRunner runner = new();
        runner.RegisterHook(new OptimizerHook(), 35);
        runner.RegisterHook(new StepLrUpdaterHook(new StepLrConfig { Step = [1] }), HookPriority.VeryHigh);

        runner.GetHookInfo().Should().Be(string.Join(
            '\n',
            "before_run:",
            "(VERY_HIGH   ) StepLrUpdaterHook                  ",
            " -------------------- ",
            "before_train_epoch:",
            "(VERY_HIGH   ) StepLrUpdaterHook                  ",
            " -------------------- ",
            "before_train_iter:",
            "(VERY_HIGH   ) StepLrUpdaterHook                  ",
            " -------------------- ",
            "after_train_iter:",
            "(35          ) OptimizerHook                      ",
            " -------------------- "));
    }

    [Fact]
    public void A_hook_may_say_its_name_and_where_it_is_called()
    {
        using StubRunner runner = new();
        List<HookStage> calls = [];
        runner.RegisterHook(new StandInHook("Mixup", [HookStage.AfterTrainEpoch], calls));

        runner.CallHook(HookStage.BeforeTrainEpoch);
        runner.CallHook(HookStage.AfterTrainEpoch);

        calls.Should().Equal(HookStage.AfterTrainEpoch);
        runner.GetHookInfo().Should().Be("after_train_epoch:\n(NORMAL      ) Mixup                              \n -------------------- ");
        Action again = () => runner.RegisterHook(runner.Hooks[0]);
        again.Should().Throw<ArgumentException>().WithMessage("This Mixup is registered already.*");
        new ActionHook().Name.Should().Be("ActionHook");
    }

    [Fact]
    public void A_runner_disposes_the_hooks_that_it_built_and_no_others()
    {
        List<string> disposed = [];
        StubRunner runner = new();
        runner.RegisterHookFromConfig(new DisposableConfig("built", disposed));
        runner.RegisterOptimizerHook(new DisposableHook("in the place of settings", disposed));
        runner.RegisterHook(new DisposableHook("handed in", disposed));
        runner.RegisterLrHook(new StepLrConfig { Step = [1] });

        runner.Dispose();
        runner.Dispose();

        disposed.Should().Equal("built");
    }

    [Fact]
    public void A_missing_logger_is_named_with_what_to_pass()
    {
        using StepModel model = new();

        Action make = () => _ = new EpochBasedRunner(model, new RunnerOptions { Logger = null!, MaxEpochs = 1 });

        make.Should().Throw<ArgumentException>().WithMessage(
            "The runner has no logger. Set Logger in its options, for example Logger = new LineLogger(\"mmcv\", [Console.Out]).*");
    }

    [Fact]
    public void An_empty_folder_is_refused_with_one_to_write()
    {
        using StepModel model = new();

        Action make = () => _ = new EpochBasedRunner(model, new RunnerOptions { WorkDir = string.Empty, Logger = new ListLogger(), MaxEpochs = 1 });

        make.Should().Throw<ArgumentException>().WithMessage(
            "WorkDir is empty; it must be the path of a folder, which is made if it is missing. Write for example WorkDir = \"work_dirs/toy\", or leave it out.*");
    }

    [Fact]
    public void Calling_a_point_calls_who_overrides_it_in_order()
    {
        using StubRunner runner = new();
        List<string> calls = [];
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = _ => calls.Add("low") }, HookPriority.Low);
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = _ => calls.Add("high") }, HookPriority.High);

        runner.CallHook(HookStage.AfterTrainIter);
        runner.CallHook(HookStage.AfterRun);

        calls.Should().Equal("high", "low");
    }

    [Fact]
    public void A_hook_that_needs_an_optimizer_says_so()
    {
        using StubRunner runner = new();

        Action require = () => runner.RequireOptimizer();
        Action lr = () => runner.CurrentLr();
        Action momentum = () => runner.CurrentMomentum();

        const string Message = "The runner has no optimizer, but a hook needs one. Set Optimizer in the runner's options, for example "
            + "Optimizer = new FusedSgd(model.parameters(), new() { Lr = 0.01 }).";
        require.Should().Throw<InvalidOperationException>().WithMessage(Message);
        lr.Should().Throw<InvalidOperationException>().WithMessage(Message);
        momentum.Should().Throw<InvalidOperationException>().WithMessage(Message);
    }

    [Fact]
    public void Learning_rate_and_momentum_are_read_from_every_group()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.25, momentum: 0.5);
        using StubRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });

        runner.CurrentLr().First.Should().Be(0.25);
        runner.CurrentMomentum().First.Should().Be(0.5);
        runner.CurrentLr().IsNamed.Should().BeFalse();
    }

    [Fact]
    public void The_momentum_of_adam_is_its_first_beta()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.Adam(model.parameters(), 0.25, beta1: 0.75);
        using StubRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });

        runner.CurrentMomentum().First.Should().Be(0.75);
    }

    [Fact]
    public void The_work_folder_is_made_and_a_full_path()
    {
        using TemporaryFolder folder = new();
        using StubRunner runner = new(new RunnerOptions { Logger = new ListLogger(), WorkDir = folder.File("a/b") });

        runner.WorkDir.Should().Be(folder.File("a/b"));
        Directory.Exists(folder.File("a/b")).Should().BeTrue();
    }

    [Fact]
    public void A_new_runner_stands_at_the_beginning()
    {
        FakeTimeProvider time = new(new DateTimeOffset(2024, 3, 5, 7, 8, 9, TimeSpan.Zero));
        time.SetLocalTimeZone(TimeZoneInfo.Utc);
        RunnerMeta meta = new() { ["exp_name"] = "toy" };
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 3, Time = time, Meta = meta });

        (runner.Epoch, runner.Iter, runner.InnerIter).Should().Be((0, 0, 0));
        (runner.MaxEpochs, runner.MaxIters).Should().Be((3, null));
        (runner.Mode, runner.DataLoader, runner.DataBatch, runner.Outputs, runner.WorkDir).Should().Be((null, null, null, null, null));
        (runner.Rank, runner.WorldSize).Should().Be((0, 1));
        runner.Timestamp.Should().Be("20240305_070809");
        runner.Meta.Should().BeSameAs(meta);
        runner.Model.Should().BeSameAs(model);
        runner.ModelName.Should().Be("StepModel");
    }

    [Fact]
    public void A_missing_model_or_options_are_refused()
    {
        using StepModel model = new();
        Action noModel = () => _ = new StubRunner(null!, new RunnerOptions { Logger = new ListLogger() });
        Action noOptions = () => _ = new StubRunner(model, null!);

        noModel.Should().Throw<ArgumentNullException>().WithParameterName("model");
        noOptions.Should().Throw<ArgumentNullException>().WithParameterName("options");
    }

    private sealed class StandInHook(string name, HookStage[] stages, List<HookStage> calls) : Hook
    {
        public override string Name => name;

        public override IReadOnlyCollection<HookStage> GetTriggeredStages() => stages;

        public override void BeforeTrainEpoch(BaseRunner runner) => calls.Add(HookStage.BeforeTrainEpoch);

        public override void AfterTrainEpoch(BaseRunner runner) => calls.Add(HookStage.AfterTrainEpoch);
    }

    private sealed record DisposableConfig(string Name, List<string> Disposed) : HookConfig
    {
        public override Hook Build() => new DisposableHook(Name, Disposed);
    }

    private sealed class DisposableHook(string name, List<string> disposed) : Hook, IDisposable
    {
        public void Dispose() => disposed.Add(name);
    }
}
