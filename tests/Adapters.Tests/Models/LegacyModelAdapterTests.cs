using Compat.Adapters.Diagnostics;
using Compat.Adapters.Equivalence;
using Compat.Adapters.Models;
using Compat.Adapters.Tests.Support;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
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
    public void Its_parameters_are_those_of_the_model_in_order()
    {
        using ProbeModel model = new(new());

        model.AsEngine().parameters().Should().Equal(model.parameters());
        model.AsEngine().named_parameters().Select(entry => entry.name).Should().Equal(model.named_parameters().Select(entry => $"legacy.{entry.name}"));
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
    public void A_native_wrapper_and_schedule_train_it_as_the_old_trainer_does()
    {
        (TrainingTrace native, TrainingTrace legacy) = (Native([2]), Legacy());

        TraceComparison comparison = TraceComparison.Of(legacy, native, ComparisonRules.LegacyAgainstEngine);

        comparison.Verdicts.Single(verdict => verdict.Observation == Observation.LearningRate).Agrees.Should().BeTrue();
        comparison.Verdicts.Single(verdict => verdict.Observation == Observation.Loss).Agrees.Should().BeTrue();
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
            OptimWrapper = new OptimWrapperOptions { Optimizer = new SgdOptions { Lr = 0.01 } },
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
    public void The_wrapper_updates_the_weights_only_if_asked_to(bool updatesWeights)
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeModel model = new(new());
        using OptimWrapper wrapper = Wrapper(model);
        TensorSnapshot before = TensorSnapshot.Of(model.Linear.weight);

        new LegacyModelAdapter(model, updatesWeights).TrainStep(Batch(), wrapper);

        (TensorSnapshot.Of(model.Linear.weight).DifferenceTo(before) is not null).Should().Be(updatesWeights);
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

    private static ToyBatch Batch() => new(tensor(new float[] { 1, 2 }, 2, 1), ones(2, 1));

    private static OptimWrapper Wrapper(nn.Module model) => new(new OptimWrapperOptions { Optimizer = new SgdOptions { Lr = 0.01 } }, model);

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
            OptimWrapper = new OptimWrapperOptions { Optimizer = new SgdOptions { Lr = 0.01 } },
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
}
