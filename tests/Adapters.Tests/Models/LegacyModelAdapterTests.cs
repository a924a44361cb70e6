using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Models;
using Compat.Adapters.Optim;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Models;

public sealed class LegacyModelAdapterTests
{
    [Fact]
    public void The_same_model_has_the_same_view_which_gives_it_back()
    {
        using LegacyToyModel model = new();
        using LegacyToyModel other = new();
        LegacyModelAdapter view = model.AsEngine();

        model.AsEngine().Should().BeSameAs(view);
        other.AsEngine().Should().NotBeSameAs(view);
        view.AsLegacy().Should().BeSameAs(model);
        view.LegacyModel.Should().BeSameAs(model);
    }

    [Fact]
    public void Its_state_is_that_of_the_model_with_the_models_names()
    {
        using ProbeModel model = new(new());
        LegacyModelAdapter adapter = model.AsEngine();

        adapter.StateModule.Should().BeSameAs(model);
        adapter.named_parameters().Should().Equal(model.named_parameters());
        adapter.state_dict().Keys.Should().Equal(model.state_dict().Keys);
    }

    [Fact]
    public void Training_and_evaluation_mode_reach_the_model()
    {
        using ProbeModel model = new(new());
        LegacyModelAdapter adapter = model.AsEngine();

        adapter.eval();
        model.Norm.training.Should().BeFalse();
        adapter.train();
        model.Norm.training.Should().BeTrue();
    }

    [Fact]
    public void An_unregistered_teacher_in_evaluation_mode_stays_so_and_the_weights_are_those_of_the_old_trainer()
    {
        (TrainingTrace native, TrainingTrace legacy) = (Taught(model => model.AsEngine()), TaughtByLegacy());

        legacy.Iterations.Should().HaveCount(20);
        legacy.Iterations.Select(WeightsOf).Distinct().Should().HaveCount(20, "something was learned");
        native.Iterations.Select(WeightsOf).Should().Equal(legacy.Iterations.Select(WeightsOf));
    }

    [Fact]
    public void Registered_the_teacher_would_have_been_switched_and_the_weights_would_differ() =>
        Taught(model => new RegisteringAdapter(model)).Iterations.Select(StudentOf).Should().NotEqual(TaughtByLegacy().Iterations.Select(StudentOf));

    [Fact]
    public void A_derived_adapter_that_registers_components_registers_nothing()
    {
        (TrainingTrace derived, TrainingTrace legacy) = (Taught(model => new DerivedAdapter(model)), TaughtByLegacy());

        derived.Iterations.Select(WeightsOf).Should().Equal(legacy.Iterations.Select(WeightsOf));
    }

    [Fact]
    public void A_model_without_a_training_step_is_refused()
    {
        using nn.Module model = nn.Linear(1, 1);

        Action make = () => _ = new LegacyModelAdapter(model);

        make.Should().Throw<ArgumentException>().WithMessage("Linear has no training step. Let it implement ITrainStep, or derive it from BaseModel.*");
    }

    [Theory]
    [InlineData(ForwardMode.Loss, "Loss")]
    [InlineData(ForwardMode.Predict, "Predict")]
    [InlineData(ForwardMode.Tensor, "ForwardTensor")]
    public void It_has_one_step_and_no_forward(ForwardMode mode, string method)
    {
        using DisposeScope scope = NewDisposeScope();
        using LegacyToyModel model = new();

        Action forward = () => model.AsEngine().Forward(new ToyBatch(ones(1, 1), ones(1, 1)), mode);

        forward.Should().Throw<CompatException>().Which.Diagnostics.Should().Equal(new CompatDiagnostic(
            "COMPAT0104",
            $"{method} was called on the adapter of LegacyToyModel. A legacy model has one training step and no separate {method}. "
            + "Validate with the old code for now, or port the model to BaseModel."));
    }

    [Fact]
    public void Validation_with_it_is_refused_before_training()
    {
        using LegacyToyModel model = new();
        using TemporaryFolder folder = new();

        Action make = () => _ = new Compat.Engine.Runner(new()
        {
            Model = model.AsEngine(), WorkDir = folder.Path, ValDataloader = ToyDataset.Loader(2), Logger = new ListLogger(),
        });

        make.Should().Throw<ArgumentException>().WithMessage(
            "ValDataloader is set, but LegacyToyModel overrides neither Predict nor ValStep. Override one of them, or leave ValDataloader out.*");
    }

    [Fact]
    public void A_native_wrapper_and_schedule_train_it_as_the_old_trainer_does()
    {
        (TrainingTrace native, TrainingTrace legacy) = (Native([2]), Legacy());

        TraceComparison comparison = TraceComparison.Of(legacy, native, ComparisonRules.LegacyAgainstEngine);

        comparison.VerdictOn(Observation.LearningRate)!.Agrees.Should().BeTrue();
        comparison.VerdictOn(Observation.Loss)!.Agrees.Should().BeTrue();
        native.Iterations.Select(WeightsOf).Should().Equal(legacy.Iterations.Select(WeightsOf)).And.HaveCount(20);
    }

    [Fact]
    public void Another_schedule_gives_other_weights()
    {
        (TrainingTrace native, TrainingTrace legacy) = (Native([1]), Legacy());

        native.Iterations.Select(WeightsOf).Should().NotEqual(legacy.Iterations.Select(WeightsOf));
    }

    [Fact]
    public void The_loss_is_logged_first_although_the_model_does_not_log_it() =>
        Native([2]).Iterations[0].LogValues.Select(value => value.Key).Should().Equal("loss", "loss1", "loss2");

    [Fact]
    public void A_loss_that_the_model_logs_is_left_as_it_is()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new(), (probe, batch, _) => new StepOutputs
        {
            Loss = probe.Loss(batch),
            NumSamples = 2,
            LogVars = new LogVars { ["acc"] = 0.5, ["loss"] = 77.0 },
        });
        using OptimWrapper wrapper = Wrapper(model);

        LogVars logged = model.AsEngine().TrainStep(Batch(), wrapper);

        logged.Names.Should().Equal("acc", "loss");
        logged["loss"].Read().Should().Be(77);
    }

    [Theory]
    [InlineData(true, "0.9840")]
    [InlineData(false, "1.3033")]
    public void A_native_line_shows_the_average_weighted_by_samples_that_MMCVs_log_buffer_gives(bool weighted, string average)
    {
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using ProbeModel model = new(new(), UnevenSteps.Make(weighted));
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model.AsEngine(),
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(6),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            DefaultHooks = new() { Timer = false, Logger = new() { Interval = 3 } },
            Logger = logger,
        });

        runner.Train();

        logger.Lines.Should().ContainSingle(line => line.StartsWith("Epoch", StringComparison.Ordinal)).Which.Should().Be(
            $"Epoch(train) [1][3/3]  lr: 1.0000e-02  loss: {average}  acc: 0.9667");
    }

    [Fact]
    public void The_step_gets_the_optimizer_of_the_wrapper()
    {
        using DisposeScope scope = NewDisposeScope();
        optim.Optimizer? seen = null;
        using ProbeModel model = new(new(), (probe, batch, optimizer) =>
        {
            seen = optimizer!.Single;
            return probe.Usual(batch);
        });
        using OptimWrapper wrapper = Wrapper(model);

        model.AsEngine().TrainStep(Batch(), wrapper);

        seen.Should().BeSameAs(wrapper.Optimizer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_loss_goes_to_the_wrapper_which_decides_who_updates_the_weights(bool deferred)
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        using BaseOptimWrapper wrapper = deferred ? new DeferredOptimWrapperOptions(optimizer).Build(model) : Wrapper(model);
        TensorSnapshot before = TensorSnapshot.Of(model.Linear.weight);

        model.AsEngine().TrainStep(Batch(), wrapper);

        (TensorSnapshot.Of(model.Linear.weight).DifferenceTo(before) is not null).Should().Be(!deferred);
        ((wrapper as DeferredOptimWrapper)?.Loss is not null).Should().Be(deferred);
    }

    [Fact]
    public void A_step_that_returns_null_or_no_loss_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel nothing = new(new(), (_, _, _) => null!);
        using ProbeModel lossless = new(new(), (_, _, _) => new StepOutputs());
        using OptimWrapper wrapper = Wrapper(nothing);

        nothing.AsEngine().Invoking(model => model.TrainStep(Batch(), wrapper))
            .Should().Throw<InvalidOperationException>().WithMessage("ProbeModel returned null from its step. Write 'return new() {*");
        lossless.AsEngine().Invoking(model => model.TrainStep(Batch(), wrapper))
            .Should().Throw<KeyNotFoundException>().WithMessage("ProbeModel.TrainStep returned no loss. Keys present: none.*");
    }

    [Fact]
    public void It_stays_where_its_script_put_it()
    {
        using LegacyToyModel model = new();

        model.AsEngine().MoveTo(new Device(DeviceType.META));

        model.parameters().Should().OnlyContain(parameter => parameter.device_type == DeviceType.CPU);
    }

    private static string WeightsOf(IterationTrace iteration) => string.Join(' ', iteration.Weights.Select(weight => weight.Value.Hash));

    private static string StudentOf(IterationTrace iteration) => string.Join(
        ' ', iteration.Weights.Where(weight => weight.Key.Contains("student", StringComparison.Ordinal)).Select(weight => weight.Value.Hash));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Validation_of_a_model_that_has_none_is_refused_before_training(bool derived)
    {
        using TemporaryFolder folder = new();
        using LegacyToyModel model = new();
        Action make = () => new Compat.Engine.Runner(new()
        {
            Model = derived ? new PredictingAdapter(model) : model.AsEngine(),
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(10),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ValDataloader = ToyDataset.Loader(10),
            ValEvaluator = new(new Compat.Engine.Evaluation.Accuracy<ToyBatch, ToyBatch>(batch => batch.Label, batch => batch.Img)),
            Logger = new ListLogger(),
        }).Dispose();

        if (derived)
        {
            make.Should().NotThrow();
        }
        else
        {
            make.Should().Throw<ArgumentException>().WithMessage(
                "ValDataloader is set, but LegacyToyModel overrides neither Predict nor ValStep. Override one of them, or leave ValDataloader out.*");
        }
    }

    private static ToyBatch Batch() => new(tensor(new float[] { 1, 2 }, 2, 1), ones(2, 1));

    private static OptimWrapper Wrapper(nn.Module model) => new(new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } }, model);

    private static TrainingTrace Native(int[] milestones)
    {
        using TemporaryFolder folder = new();
        using LegacyToyModel model = new();
        TraceRecorder recorder = new("native");
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model.AsEngine(),
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(10),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 4 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = milestones }],
            CustomHooks = [new EngineTraceHook(recorder)],
            Logger = new ListLogger(),
        });
        runner.Train();
        return recorder.Trace;
    }

    private static TrainingTrace Legacy()
    {
        using LegacyToyModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 4 });
        runner.RegisterTrainingHooks(new TrainingHookOptions { LrConfig = new StepLrConfig { Step = [2] }, OptimizerConfig = new OptimizerConfig() });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        runner.Run([ToyDataset.Loader(10)], [("train", 1)]);
        return recorder.Trace;
    }

    private static TrainingTrace Taught(Func<TeacherModel, BaseModel> view)
    {
        using TemporaryFolder folder = new();
        using TeacherModel model = new();
        ListLogger logger = new();
        TraceRecorder recorder = new("native");
        TorchSeed.Set(0);
        using Compat.Engine.Runner runner = new(new()
        {
            Model = view(model),
            WorkDir = folder.Path,
            TrainDataloader = RampLoader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 5 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = optim.SGD(model.parameters(), 0.01) },
            CustomHooks = [new EngineTraceHook(recorder)],
            Logger = logger,
        });
        runner.Train();
        logger.DoubtsAboutTraining.Should().BeEmpty();
        return recorder.Trace;
    }

    private static TrainingTrace TaughtByLegacy()
    {
        using TeacherModel model = new();
        ListLogger logger = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        TraceRecorder recorder = new("legacy");
        TorchSeed.Set(0);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxEpochs = 5 });
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = new OptimizerConfig() });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        runner.Run([RampLoader()], [("train", 1)]);
        logger.DoubtsAboutTraining.Should().BeEmpty();
        return recorder.Trace;
    }

    private static BatchLoader RampLoader() => new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 2 });

    // What the adapter did before: it registered the model.
    private sealed class RegisteringAdapter : BaseModel
    {
        private readonly LegacyModelAdapter adapter;

        public RegisteringAdapter(TeacherModel model)
        {
            adapter = model.AsEngine();
            register_module("legacy", model);
        }

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper) => adapter.TrainStep(data, optimWrapper);
    }

    private sealed class DerivedAdapter : LegacyModelAdapter
    {
        private readonly TeacherModel model;

        public DerivedAdapter(TeacherModel model)
            : base(model)
        {
            this.model = model;
            RegisterComponents();
        }

        public override LogVars TrainStep(DataBatch data, BaseOptimWrapper optimWrapper)
        {
            model.Teacher.Should().OnlyContain(module => !module.training);
            return base.TrainStep(data, optimWrapper);
        }
    }

    private sealed class PredictingAdapter(nn.Module model) : LegacyModelAdapter(model)
    {
        public override DataBatch Predict(DataBatch data) => data;
    }
}
