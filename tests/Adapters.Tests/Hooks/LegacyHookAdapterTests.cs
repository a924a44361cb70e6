using Compat.Torch.Optim;
using System.Text.RegularExpressions;
using Compat.Adapters.Hooks;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;
using LegacyHook = Compat.Legacy.Hook;

namespace Compat.Adapters.Tests.Hooks;

public sealed partial class LegacyHookAdapterTests
{
    public static TheoryData<string, int> UsualPriorities => new()
    {
        { nameof(StepLrUpdaterHook), 9 },
        { nameof(LinearAnnealingMomentumUpdaterHook), 30 },
        { nameof(OptimizerHook), 40 },
        { nameof(ActionHook), 50 },
        { nameof(Compat.Legacy.IterTimerHook), 70 },
        { nameof(TextLoggerHook), 90 },
    };

    [Fact]
    public void The_same_hook_has_the_same_view_which_gives_it_back()
    {
        LegacyHook hook = new StageTraceHook();
        LegacyHookAdapter view = hook.AsEngine();

        hook.AsEngine().Should().BeSameAs(view);
        new StageTraceHook().AsEngine().Should().NotBeSameAs(view);
        view.AsLegacy().Should().BeSameAs(hook);
        view.LegacyHook.Should().BeSameAs(hook);
        view.Name.Should().Be(nameof(StageTraceHook));
    }

    [Theory]
    [MemberData(nameof(UsualPriorities))]
    public void Without_a_priority_it_has_that_of_its_kind_and_schedules_come_before_the_record_of_the_rate(string kind, int priority) =>
        Make(kind).AsEngine().Priority.Value.Should().Be(priority);

    [Fact]
    public void A_hook_on_a_native_runner_sees_the_processes_of_the_engine()
    {
        using TemporaryFolder folder = new();
        using BaseModel model = new EngineToyModel(sums: true);
        List<object> seen = ThreadCollectives.Run(1, collectives =>
        {
            List<object> ofHook = [collectives];
            using Compat.Engine.Runner runner = new(new()
            {
                Model = model,
                WorkDir = folder.Path,
                Logger = new ListLogger(),
                TrainDataloader = ToyDataset.Loader(2),
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
                OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
                Collectives = collectives,
                CustomHooks = [new ActionHook(old => ofHook.Add(old.Collectives)).AsEngine()],
            });
            runner.Train();
            return ofHook;
        })[0];

        seen.Should().HaveCount(2);
        seen[1].Should().BeSameAs(seen[0]);
    }

    [Fact]
    public void A_priority_that_is_given_counts()
    {
        new LegacyHookAdapter(new StageTraceHook(), 35).Priority.Value.Should().Be(35);
        new LegacyHookAdapter(Make(nameof(StepLrUpdaterHook)), 3).Priority.Value.Should().Be(3, "it is before the record of the rate already");
        new LegacyHookAdapter(Make(nameof(StepLrUpdaterHook)), HookPriority.Low).Priority.Value.Should().Be(9);
    }

    [Fact]
    public void It_is_called_where_the_hook_overrides_and_before_the_training()
    {
        new StageTraceHook().AsEngine().TriggeredPoints.Should().BeEquivalentTo(
            [
                HookPoint.BeforeTrain,
                HookPoint.BeforeTrain,
                HookPoint.BeforeTrainEpoch,
                HookPoint.BeforeTrainIter,
                HookPoint.AfterTrainIter,
                HookPoint.AfterTrainEpoch,
                HookPoint.AfterTrain,
            ]);
        Make(nameof(ActionHook)).AsEngine().TriggeredPoints.Should().Equal(HookPoint.BeforeTrain, HookPoint.AfterTrainIter);
    }

    [Fact]
    public void Nothing_is_refused()
    {
        Action make = () => _ = new LegacyHookAdapter(null!);
        Action back = () => ((LegacyHookAdapter)null!).AsLegacy();

        make.Should().Throw<ArgumentNullException>().WithParameterName("legacyHook");
        back.Should().Throw<ArgumentNullException>().WithParameterName("adapter");
    }

    [Fact]
    public void Legacy_hooks_drive_and_log_a_native_training()
    {
        FakeTimeProvider time = new();
        ListLogger legacy = new();
        using (LegacyToyModel model = new())
        using (optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01))
        using (EpochBasedRunner runner = new(model, new RunnerOptions { Logger = legacy, Optimizer = optimizer, MaxEpochs = 3, Time = time }))
        {
            runner.RegisterTrainingHooks(new TrainingHookOptions
            {
                LrConfig = new StepLrConfig { Step = [1] },
                OptimizerConfig = new OptimizerConfig(),
                LogConfig = new LogConfig { Interval = 2 },
            });
            runner.Run([ToyDataset.Loader(10)], [("train", 1)]);
        }

        ListLogger native = Native(
            time,
            new StepLrUpdaterHook(new StepLrConfig { Step = [1] }),
            new Compat.Legacy.IterTimerHook(),
            new TextLoggerHook(new TextLoggerConfig { Interval = 2 }));

        string[] lines = [.. native.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal))];
        lines.Should().HaveCount(6).And.OnlyContain(line => Loss().IsMatch(line), "the engine logs the total too");
        lines.Select(line => Loss().Replace(line, string.Empty)).Should().Equal(
            legacy.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal)));
    }

    [Fact]
    public void On_a_native_runner_a_hook_sees_limits_before_the_run_and_neither_mode_nor_loader()
    {
        StageTraceHook hook = new();

        Native(new FakeTimeProvider(), hook);

        hook.Calls.Should().HaveCount(1 + (3 * (1 + 5 + 5 + 1)) + 1);
        hook.Calls[0].Should().StartWith("BeforeRun epoch 0 iter 0 inner 0 max 3 15 mode none lr 0.01 momentum 0 loader  batch [] samples ");
        hook.Calls[2].Should().StartWith("BeforeTrainIter epoch 0 iter 0 inner 0 max 3 15 mode train lr 0.01 momentum 0 loader 5 batch [0 1] samples ");
        hook.Calls[3].Should().StartWith("AfterTrainIter epoch 0 iter 0 inner 0 max 3 15 mode train lr 0.01 momentum 0 loader 5 batch [0 1] samples 2 ");
        hook.Calls[^1].Should().StartWith("AfterRun epoch 3 iter 15 inner 4 max 3 15 mode train ").And.EndWith("model EngineToyModel");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Points_of_a_validation_that_are_not_called_are_named_once(bool validates)
    {
        ListLogger logger = Native(new(), validates, new ValidationHook(), new ActionHook(_ => { }));

        string[] lines = [.. logger.Ours.Where(line => line.Id == 9090).Select(line => line.Text)];
        lines.Should().Equal(validates
            ? ["ValidationHook is not called at BeforeValEpoch, AfterValIter: a validation of the engine is none of an old workflow. Port these points to a hook of the "
                + "engine's, if they matter."]
            : []);
    }

    [Fact]
    public void Without_the_schedule_the_lines_are_others()
    {
        FakeTimeProvider time = new();
        TextLoggerConfig config = new() { Interval = 2 };

        ListLogger with = Native(
            time, new StepLrUpdaterHook(new StepLrConfig { Step = [1] }), new Compat.Legacy.IterTimerHook(), new TextLoggerHook(config));
        ListLogger without = Native(time, new Compat.Legacy.IterTimerHook(), new TextLoggerHook(config));

        with.Lines[^1].Should().Contain("lr: 1.000e-03").And.NotBe(without.Lines[^1]);
    }

    [Fact]
    public void In_a_native_training_by_iteration_a_hook_sees_passes_and_general_epochs_as_on_the_old_runner()
    {
        PassHook old = new();
        using (LegacyToyModel model = new())
        using (optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01))
        using (IterBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxIters = 11 }))
        {
            runner.RegisterHook(old);
            runner.Run([ToyDataset.Loader(10)], [("train", 1)]);
        }

        PassHook native = new();
        Native(new(), validates: false, new IterBasedTrainLoopOptions { MaxIters = 11 }, native);

        native.Calls.Should().Equal(old.Calls);
        native.Calls.Should().HaveCount(2 + 2 + (2 * 11))
            .And.HaveElementAt(1, "BeforeEpoch 0 0  11 False")
            .And.HaveElementAt(12, "BeforeTrainIter 0 5  11 False", "the first batch of the second pass still has the number of the first")
            .And.HaveElementAt(14, "BeforeTrainIter 1 6  11 False");
    }

    private static ListLogger Native(FakeTimeProvider time, params LegacyHook[] hooks) => Native(time, validates: false, hooks);

    private static ListLogger Native(FakeTimeProvider time, bool validates, params LegacyHook[] hooks) =>
        Native(time, validates, new EpochBasedTrainLoopOptions { MaxEpochs = 3 }, hooks);

    private static ListLogger Native(FakeTimeProvider time, bool validates, TrainLoopOptions loop, params LegacyHook[] hooks)
    {
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using BaseModel model = validates ? new ValidatingModel() : new EngineToyModel(sums: true);
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(10),
            TrainCfg = loop,
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ValDataloader = validates ? ToyDataset.Loader(4) : null,
            DefaultHooks = new DefaultHooks { Logger = null },
            CustomHooks = [.. hooks.Select(hook => hook.AsEngine())],
            Device = CPU,
            Logger = logger,
            Time = time,
        });
        runner.Train();
        return logger;
    }

    private static LegacyHook Make(string kind) => kind switch
    {
        nameof(StepLrUpdaterHook) => new StepLrUpdaterHook(new StepLrConfig { Step = [1] }),
        nameof(LinearAnnealingMomentumUpdaterHook) => new LinearAnnealingMomentumUpdaterHook(new() { MinMomentum = 0 }),
        nameof(OptimizerHook) => new OptimizerHook(),
        nameof(ActionHook) => new ActionHook(_ => { }),
        nameof(Compat.Legacy.IterTimerHook) => new Compat.Legacy.IterTimerHook(),
        nameof(TextLoggerHook) => new TextLoggerHook(),
        _ => throw new ArgumentException($"There is no hook {kind} here.", nameof(kind)),
    };

    private sealed class PassHook : LegacyHook
    {
        public List<string> Calls { get; } = [];

        public override void BeforeRun(BaseRunner runner) => Add(nameof(BeforeRun), runner);

        public override void BeforeEpoch(BaseRunner runner) => Add(nameof(BeforeEpoch), runner);

        public override void BeforeTrainEpoch(BaseRunner runner) => Add(nameof(BeforeTrainEpoch), runner);

        public override void BeforeTrainIter(BaseRunner runner) => Add(nameof(BeforeTrainIter), runner);

        public override void AfterTrainIter(BaseRunner runner) => Add(nameof(AfterTrainIter), runner);

        public override void AfterTrainEpoch(BaseRunner runner) => Add(nameof(AfterTrainEpoch), runner);

        public override void AfterEpoch(BaseRunner runner) => Add(nameof(AfterEpoch), runner);

        public override void AfterRun(BaseRunner runner) => Add(nameof(AfterRun), runner);

        private void Add(string point, BaseRunner runner) =>
            Calls.Add($"{point} {runner.Epoch} {runner.Iter} {runner.MaxEpochs} {runner.MaxIters} {IsLastEpoch(runner)}");
    }

    private sealed class ValidationHook : LegacyHook
    {
        public override void BeforeValEpoch(BaseRunner runner) => throw new InvalidOperationException("Not called.");

        public override void AfterValIter(BaseRunner runner) => throw new InvalidOperationException("Not called.");
    }

    private sealed class ValidatingModel : BaseModel<ToyBatch>
    {
        private readonly TorchSharp.Modules.Parameter weight = new(ones(1));

        public ValidatingModel() => RegisterComponents();

        public override ValOutputs ValStep(DataBatch data) => Loss(data);

        protected override LossDict Loss(ToyBatch batch) => new() { ["loss"] = (batch.Img * weight - batch.Label * 2).pow(2).sum() };
    }

    [GeneratedRegex(@"(?<= )loss: [\d.]+, ")]
    private static partial Regex Loss();
}
