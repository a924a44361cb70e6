using Compat.TestSupport;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Runtime;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests;

public sealed class RunnerTests
{
    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2024, 3, 5, 6, 7, 8, TimeSpan.Zero));

    [Fact]
    public void Its_probe_is_told_of_gradients_before_and_after_clipping_and_before_the_step()
    {
        using TemporaryFolder folder = new();
        using TestModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.5);
        IterationProbe probe = new();
        List<(string What, double Gradient, double Weight)> heard = [];
        void Hear(string what, optim.Optimizer told)
        {
            told.Should().BeSameAs(optimizer);
            using DisposeScope scope = NewDisposeScope();
            heard.Add((what, Math.Round(model.Weight.grad!.item<float>(), 5), model.Weight.detach().item<float>()));
        }

        probe.Gradients += told => Hear("gradients", told);
        probe.Clipped += told => Hear("clipped", told);
        using Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = new BatchLoader(new TwosDataset(1), new BatchLoaderOptions()),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = optimizer, ClipGrad = new GradClipNormOptions { MaxNorm = 0.25 } },
            Logger = new ListLogger(),
            Probe = probe,
        });
        runner.Probe.Should().BeSameAs(probe);

        runner.Train();

        heard.Select(one => one.What).Should().Equal("gradients", "clipped");
        Math.Abs(heard[0].Gradient).Should().BeGreaterThan(0.25);
        Math.Abs(heard[1].Gradient).Should().Be(0.25);
        heard.Should().OnlyContain(one => one.Weight.Equals(1.0));
    }

    [Fact]
    public void The_time_stamp_is_the_local_time_and_follows_the_name_of_the_experiment()
    {
        using TestRun run = new();

        using Runner named = new(run.Options with { Time = Clock, ExperimentName = "digits" });
        using Runner nameless = new(run.Options with { Time = Clock });

        named.Timestamp.Should().Be("20240305_060708");
        named.ExperimentName.Should().Be("digits_20240305_060708");
        nameless.ExperimentName.Should().Be("20240305_060708");
        named.Time.Should().BeSameAs(Clock);
    }

    [Fact]
    public void The_work_dir_is_made_and_given_as_a_full_path()
    {
        using TestRun run = new();
        string folder = Path.Combine(run.Folder, "a", "b");

        using Runner runner = new(run.Options with { WorkDir = Path.Combine(run.Folder, "a", "x", "..", "b") });

        Directory.Exists(folder).Should().BeTrue();
        runner.WorkDir.Should().Be(folder);
        Directory.EnumerateFileSystemEntries(folder).Should().BeEmpty("a logger was given, so no log file is written");
    }

    [Fact]
    public void Without_a_logger_the_lines_are_in_a_file_below_the_time_stamp()
    {
        using TestRun run = new();
        using (Runner runner = new(run.Options with { Logger = null, Time = Clock }))
        {
            runner.Train();
            runner.LogDir.Should().Be(Path.Combine(run.Folder, "20240305_060708"));
        }

        string[] lines = File.ReadAllLines(Path.Combine(run.Folder, "20240305_060708", "20240305_060708.log"));
        lines[0].Should().Be("2024-03-05 06:07:08,000 - engine - INFO - Hooks will be executed in the following order:");
        lines.Should().Contain(line => line.StartsWith("2024-03-05 06:07:08,000 - engine - INFO - Epoch(train) [1][2/2]  lr: ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_training_at_the_flush_with_iteration_and_term()
    {
        using TestRun run = new() { Model = NanAt(3) };
        RecordingHook hook = new();
        Runner runner = run.Make(run.Options with { TrainDataloader = ToyDataset.Loader(12) }, hook);

        Action act = () => runner.Train();

        act.Should().Throw<NonFiniteLossException>().WithMessage("The loss is not finite: 'loss_b' is NaN at iteration 3 (counted from 0).*");
        hook.Points.Should().Contain("after_train_iter 5").And.NotContain("before_val");
    }

    [Fact]
    public void A_run_that_logs_nothing_finds_it_at_the_end_of_the_epoch()
    {
        using TestRun run = new() { Model = NanAt(1) };
        RecordingHook hook = new();
        Runner runner = run.Make(run.Options with { DefaultHooks = new DefaultHooks { Logger = null }, TrainDataloader = ToyDataset.Loader(8) }, hook);

        Action act = () => runner.Train();

        act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss_b' is NaN at iteration 1 *");
        hook.Points.Should().EndWith("after_train_epoch");
    }

    [Fact]
    public void A_run_by_iteration_that_logs_nothing_finds_it_before_the_hooks_after_training()
    {
        using TestRun run = new() { Model = NanAt(2) };
        RecordingHook hook = new();
        Runner runner = run.Make(
            run.Options with { DefaultHooks = new DefaultHooks { Logger = null }, TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 3 } }, hook);

        Action act = () => runner.Train();

        act.Should().Throw<NonFiniteLossException>().WithMessage("*'loss_b' is NaN at iteration 2 *");
        hook.Points.Should().EndWith("after_train_epoch");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Iterations_give_the_number_of_trained_ones_and_repeat_it_while_validating(bool byEpoch)
    {
        using TestRun run = new();
        TrainLoopOptions loop = byEpoch ? new EpochBasedTrainLoopOptions { MaxEpochs = 2 } : new IterBasedTrainLoopOptions { MaxIters = 4, ValInterval = 2 };
        Runner runner = run.Make(run.WithValidation with { TrainCfg = loop });

        runner.TrainIterations().Should().Equal(1, 2, 2, 2, 3, 4, 4, 4);
        runner.ValLoop!.Iterations().Should().Equal(1, 2);
    }

    [Fact]
    public void The_model_is_moved_to_the_device_that_the_options_name()
    {
        using TestRun run = new();

        run.Make(run.Options with { Device = new Device(DeviceType.META) });

        run.Model.Weight.device_type.Should().Be(DeviceType.META);
    }

    [Theory]
    [InlineData(NonFiniteLoss.Warn, 1)]
    [InlineData(NonFiniteLoss.Ignore, 0)]
    public void It_can_be_a_warning_or_ignored(NonFiniteLoss setting, int warnings)
    {
        using TestRun run = new() { Model = NanAt(1) };

        Runner runner = run.Train(run.Options with { NonFiniteLoss = setting });

        runner.Progress.Iter.Should().Be(4);
        run.Logger.Warnings.Should().HaveCount(warnings);
    }

    [Fact]
    public void Live_tensors_do_not_grow_between_epoch_two_and_epoch_twenty()
    {
        using TestRun run = new();
        CountHook counts = new();

        run.Train(
            run.WithValidation with
            {
                TrainDataloader = ToyDataset.Loader(8),
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 20 },
                OptimWrapper = new OptimWrapperOptions
                {
                    Optimizer = new FusedSgdOptions { Lr = 0.01, Momentum = 0.9 },
                    ClipGrad = new GradClipNormOptions { MaxNorm = 1 },
                    AccumulativeCounts = 2,
                },
                DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = 2 } },
            },
            counts);

        counts.AtFlush.Should().HaveCount(20);
        counts.AtFlush[19].Should().Be(counts.AtFlush[1]);
    }

    [Fact]
    public void A_seed_makes_two_runs_equal_and_without_one_the_stream_goes_on()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestRun run = new();
        float Draw(long? seed)
        {
            using Runner runner = new(run.Options with { Randomness = new RandomnessOptions { Seed = seed } });
            return rand(1).item<float>();
        }

        float first = Draw(5);
        float next = Draw(null);

        Draw(5).Should().Be(first);
        Draw(null).Should().Be(next).And.NotBe(first);
        Draw(6).Should().NotBe(first);
    }

    [Fact]
    public void Training_gives_the_model_and_knows_its_lengths_only_then()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options);
        (runner.MaxEpochs, runner.MaxIters, runner.TrainLoop, runner.ValLoop).Should().Be((0, 0, null, null));
        runner.ParamSchedulers.Should().BeEmpty();

        runner.Train().Should().BeSameAs(run.Model);

        (runner.MaxEpochs, runner.MaxIters).Should().Be((2, 4));
        (runner.Progress.Epoch, runner.Progress.Iter).Should().Be((2, 4));
        run.Model.Weight.item<float>().Should().Be(1, "the toy's pair (1, 1) fits from the start");
    }

    [Fact]
    public void Training_twice_is_refused()
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options);

        Action act = () => runner.Train();

        act.Should().Throw<InvalidOperationException>().WithMessage("Training was started before. Make a new runner to train again.");
    }

    [Fact]
    public void What_is_missing_is_named_when_it_is_asked_for()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { TrainDataloader = null, TrainCfg = null, OptimWrapper = null });

        Action train = () => runner.Train();
        Action val = () => runner.Val();
        Func<BaseOptimWrapper> wrapper = () => runner.OptimWrapper;

        train.Should().Throw<InvalidOperationException>()
            .WithMessage("There is nothing to train with. Set TrainDataloader, TrainCfg and OptimWrapper in the runner's options.");
        val.Should().Throw<InvalidOperationException>()
            .WithMessage("There is nothing to validate with. Set ValDataloader in the runner's options, and ValEvaluator if the model predicts.");
        wrapper.Should().Throw<InvalidOperationException>()
            .WithMessage("The runner has no OptimWrapper yet. It is built when training starts: call Train first.");
    }

    [Fact]
    public void Half_of_what_training_or_validation_needs_is_refused()
    {
        using TestRun run = new();
        Action noCfg = () => _ = new Runner(run.Options with { TrainCfg = null });
        Action noData = () => _ = new Runner(run.Options with { TrainDataloader = null, OptimWrapper = null });
        Action noValData = () => _ = new Runner(run.WithValidation with { ValDataloader = null });

        noCfg.Should().Throw<ArgumentException>()
            .WithMessage("For training, TrainDataloader and OptimWrapper are set, but TrainCfg is not. Set all of them, or none.*");
        noData.Should().Throw<ArgumentException>()
            .WithMessage("For training, TrainCfg is set, but TrainDataloader and OptimWrapper are not. Set all of them, or none.*");
        noValData.Should().Throw<ArgumentException>()
            .WithMessage("ValEvaluator is set, but ValDataloader is not. Set ValDataloader, or leave ValEvaluator out.*");
    }

    [Fact]
    public void Validating_a_model_that_cannot_predict_is_refused_before_anything_runs()
    {
        using TestRun run = new();
        using OnlyLoss model = new();
        using OnlyValStep other = new();
        Action act = () => _ = new Runner(run.WithValidation with { Model = model });
        Action legal = () => new Runner(run.WithValidation with { Model = other }).Dispose();

        act.Should().Throw<ArgumentException>().WithMessage(
            "ValDataloader is set, but OnlyLoss overrides neither Predict nor ValStep. Override one of them, or leave ValDataloader out.*");
        Action noEvaluator = () => _ = new Runner(run.WithValidation with { ValEvaluator = null });
        noEvaluator.Should().Throw<ArgumentException>().WithMessage(
            "ValDataloader is set and TestModel predicts, but ValEvaluator is not set. Set ValEvaluator, or let ValStep return losses.*");
        Action noMetric = () => _ = new Runner(run.WithValidation with { ValEvaluator = new Evaluator() });
        noMetric.Should().Throw<ArgumentException>().WithMessage(
            "ValDataloader is set and TestModel predicts, but ValEvaluator has no metric. Give it one, or let ValStep return losses.*");
        legal.Should().NotThrow();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Validating_a_model_that_cannot_predict_is_refused_behind_wrappers_too(int wrappers)
    {
        using TestRun run = new();
        using OnlyLoss bare = new();
        BaseModel model = bare;
        for (int i = 0; i < wrappers; i++)
        {
            model = new Wrapper(model);
        }

        Action act = () => _ = new Runner(run.WithValidation with { Model = model });

        act.Should().Throw<ArgumentException>().WithMessage("ValDataloader is set, but OnlyLoss overrides neither Predict nor ValStep.*");
    }

    [Fact]
    public void A_loader_that_is_null_is_no_loader()
    {
        using TestRun run = new();
        Compat.Torch.Data.BatchLoader? none = null;

        Runner runner = run.Make(run.Options with { ValDataloader = none });
        Action noData = () => _ = new Runner(run.Options with { TrainDataloader = none });

        runner.ValDataloader.Should().BeNull();
        noData.Should().Throw<ArgumentException>().WithMessage("For training, TrainCfg and OptimWrapper are set, but TrainDataloader is not. Set all of them, or none.*");
    }

    [Fact]
    public void A_runner_that_was_disposed_neither_trains_nor_validates()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.WithValidation);
        runner.Dispose();

        runner.Invoking(it => it.Train()).Should().Throw<ObjectDisposedException>();
        runner.Invoking(it => it.Val()).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void Schedules_without_an_optimizer_are_refused()
    {
        using TestRun run = new();

        Action act = () => _ = new Runner(run.Options with
        {
            TrainDataloader = null,
            TrainCfg = null,
            OptimWrapper = null,
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [1] }],
        });

        act.Should().Throw<ArgumentException>()
            .WithMessage("ParamSchedulers are set, but OptimWrapper is not. Set OptimWrapper, or leave ParamSchedulers out.*");
    }

    [Fact]
    public void An_empty_folder_is_refused_with_one_to_write()
    {
        using TestRun run = new();

        Action act = () => _ = new Runner(run.Options with { WorkDir = string.Empty });

        act.Should().Throw<ArgumentException>().WithMessage(
            "WorkDir is empty; it must be the path of a folder, which is made if it is missing. Write for example WorkDir = \"work_dirs/toy\".*");
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => _ = new Runner(null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("options");
    }

    private static TestModel NanAt(int iteration) => new()
    {
        Losses = (number, loss) => new LossDict { ["loss_a"] = loss, ["loss_b"] = loss.detach() * (number == iteration ? double.NaN : 1) },
    };

    private sealed class OnlyLoss : BaseModel<ToyBatch>
    {
        protected override LossDict Loss(ToyBatch batch) => [];
    }

    private sealed class OnlyValStep : BaseModel<ToyBatch>
    {
        public override ValOutputs ValStep(DataBatch data) => data;
    }

    private sealed class CountHook : Hook
    {
        public List<long> AtFlush { get; } = [];

        public override HookPriority Priority => HookPriority.Lowest;

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            if (arguments.BatchIndex == 1)
            {
                runner.MessageHub.Pending.Count.Should().Be(0, "the logger hook has just read everything");
                AtFlush.Add(AtFlush.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
            }
        }
    }

    private sealed class Wrapper(BaseModel module) : ModelWrapper(module);
}
