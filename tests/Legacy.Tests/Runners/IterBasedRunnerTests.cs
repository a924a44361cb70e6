using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

public sealed class IterBasedRunnerTests
{
    private static readonly WorkflowStep[] TrainOnce = [("train", 1)];
    private static readonly WorkflowStep[] TrainAndVal = [("train", 1), ("val", 1)];

    private readonly ListLogger logger = new();

    // These models are not trained; that this is said as well has tests of its own.
    private IEnumerable<(int Id, string Text)> OfTheRunner => logger.Ours.Where(line => !logger.DoubtsAboutTraining.Contains(line.Text));

    [Fact]
    public void Hooks_are_called_in_the_order_of_mmcv()
    {
        using ValStepModel model = new();
        using IterBasedRunner runner = Runner(model, 1);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(4)], TrainAndVal);

        recorder.Calls.Should().Equal(
            "before_run - 0 0 0  1",
            "before_epoch - 0 0 0  1",
            "before_train_iter train 0 0 0  1",
            "before_iter train 0 0 0  1",
            "after_train_iter train 0 0 0  1",
            "after_iter train 0 0 0  1",
            "before_val_iter val 0 1 0  1",
            "before_iter val 0 1 0  1",
            "after_val_iter val 0 1 0  1",
            "after_iter val 0 1 0  1",
            "after_epoch val 0 1 1  1",
            "after_run val 0 1 1  1");
    }

    [Fact]
    public void A_flow_of_training_stops_in_its_middle_and_the_others_still_run()
    {
        List<string> steps = [];
        using ValStepModel model = new(
            (_, _) =>
            {
                steps.Add("train");
                return new();
            },
            (_, _) =>
            {
                steps.Add("val");
                return new();
            });
        using IterBasedRunner runner = Runner(model, 4);

        runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(4)], [("train", 3), ("val", 2)]);

        steps.Should().Equal("train", "train", "train", "val", "val", "train", "val", "val");
        (runner.Iter, runner.InnerIter).Should().Be((4, 2));
    }

    [Fact]
    public void A_validation_has_no_gradients_no_optimizer_and_evaluation_mode_and_training_goes_on_in_training_mode()
    {
        using WatchingModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 2 });

        runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(4)], TrainAndVal);

        model.Seen.Should().Equal("train True True True", "val False False False", "train True True True", "val False False False");
    }

    [Fact]
    public void The_epoch_is_that_of_the_loader_before_it_gave_the_batch_so_it_lags_behind_the_new_order()
    {
        List<string> seen = [];
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 6);
        using BatchLoader loader = new(new ToyDataset(3), new() { Sampler = new RotatingSampler(3, epoch => seen.Add($"told {epoch}")) });
        runner.RegisterHook(new ActionHook { AtBeforeTrainIter = inner => seen.Add($"{inner.Epoch} {inner.DataBatch!.Indices[0]}") });

        runner.Run([loader], TrainOnce);

        seen.Should().Equal("0 0", "0 1", "0 2", "told 1", "0 1", "1 2", "1 0");
    }

    [Fact]
    public void Shuffled_flows_have_the_orders_of_mmcv_because_their_passes_begin_together()
    {
        List<string> seen = [];
        using ValStepModel model = new();
        using IterBasedRunner runner = Runner(model, 6);
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = Add, AtAfterValIter = Add });
        TorchSeed.Set(3);

        runner.Run([Shuffled(5), Shuffled(4)], [("train", 2), ("val", 1)]);

        // MMCV with torch.manual_seed(3).
        seen.Should().Equal("t 2 4", "t 0 3", "v 3 1", "t 1", "t 4 0", "v 0 2", "t 3 2", "t 1", "v 1 3");

        void Add(BaseRunner inner) => seen.Add($"{inner.Mode![0]} {string.Join(' ', inner.DataBatch!.Indices)}");

        static BatchLoader Shuffled(int count) => new(new ToyDataset(count), new() { BatchSize = 2, Shuffle = true });
    }

    [Fact]
    public void A_run_that_begins_in_the_middle_counts_on_and_reads_the_data_from_their_beginning()
    {
        List<string> seen = [];
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 9);
        runner.UseState(new RunnerState { Epoch = 2, Iter = 7, InnerIter = 7, MaxIters = 9 });
        runner.RegisterHook(new ActionHook { AtBeforeTrainIter = inner => seen.Add($"{inner.Epoch} {inner.Iter} {inner.InnerIter} {inner.DataBatch!.Indices[0]}") });

        runner.Run([ToyDataset.Loader(6)], [("train", 5)]);

        seen.Should().Equal("0 7 0 0", "0 8 1 2");
    }

    [Fact]
    public void Iterations_can_be_advanced_one_by_one_and_batch_and_outputs_are_gone_between_them()
    {
        using ValStepModel model = new();
        using IterBasedRunner runner = Runner(model, 2);
        List<bool> present = [];
        runner.RegisterHook(new ActionHook { AtAfterTrainIter = inner => present.AddRange([inner.DataBatch is not null, inner.Outputs is not null]) });
        List<int> iters = [];

        foreach (int iter in runner.RunIterations([ToyDataset.Loader(4), ToyDataset.Loader(2)], TrainAndVal))
        {
            iters.Add(iter);
            present.AddRange([runner.DataBatch is not null, runner.Outputs is not null]);
        }

        iters.Should().Equal(1, 1, 2, 2);
        present.Should().Equal(true, true, false, false, false, false, true, true, false, false, false, false);
    }

    [Fact]
    public void Breaking_off_ends_the_passes_of_all_loaders()
    {
        using ValStepModel model = new();
        using IterBasedRunner runner = Runner(model, 9);
        long before = LiveTensors.Settled();
        BatchLoader[] loaders = [Ahead(), Ahead()];

        foreach (int iter in runner.RunIterations(loaders, TrainAndVal))
        {
            if (iter == 2)
            {
                break;
            }
        }

        runner.Dispose();
        (Tensor.TotalCount - before).Should().Be(0);

        static BatchLoader Ahead() => new(new ToyDataset(40), new() { BatchSize = 2, NumWorkers = 2 });
    }

    [Fact]
    public void Tensors_of_an_iteration_end_with_it()
    {
        using ValStepModel model = new((stepped, batch) =>
        {
            Tensor loss = stepped.Loss(batch);
            return new() { Loss = loss, NumSamples = 2, LogVars = new() { ["loss"] = loss } };
        });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 200 });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = new OptimizerConfig(), LogConfig = new() { Interval = 5 } });
        List<long> live = [];

        foreach (int iter in runner.RunIterations([ToyDataset.Loader(6)], TrainOnce))
        {
            if (iter is 20 or 200)
            {
                live.Add(live.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
            }
        }

        live.Should().HaveCount(2);
        live[1].Should().Be(live[0]);
    }

    [Fact]
    public void The_start_is_logged_as_mmcv_does()
    {
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 2);
        runner.RegisterHook(new IterTimerHook());

        runner.Run([ToyDataset.Loader(2)], [("train", 10)]);

        logger.LinesOfTheOriginals.Should().Equal(
            $"Start running, host: {Environment.UserName}@{Environment.MachineName}, work_dir: NONE",
            $"Hooks will be executed in the following order:\n{runner.GetHookInfo()}",
            "workflow: [('train', 10)], max: 2 iters");
        runner.GetHookInfo().Should().StartWith("before_train_epoch:").And.NotContain("before_epoch:").And.NotContain("after_epoch:");
    }

    [Fact]
    public void By_default_schedules_and_loggers_count_iterations()
    {
        using StepModel model = new((stepped, batch) => new() { Loss = stepped.Loss(batch), NumSamples = 2, LogVars = new() { ["acc"] = 1.0 } });
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.5);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 3 });
        runner.RegisterTrainingHooks(new()
        {
            LrConfig = new StepLrConfig { Step = [2], Gamma = 0.5 },
            OptimizerConfig = new OptimizerConfig(),
            LogConfig = new() { Interval = 1 },
        });

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        logger.LinesOfTheOriginals.Skip(3).Select(line => line.Split(", eta")[0]).Should().Equal(
            "Iter [1/3]\tlr: 5.000e-01", "Iter [2/3]\tlr: 5.000e-01", "Iter [3/3]\tlr: 2.500e-01");
        runner.Hooks.OfType<IterTimerHook>().Should().ContainSingle();
        logger.DoubtsAboutTraining.Should().BeEmpty();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void That_values_of_a_validation_go_into_the_lines_of_the_training_is_said(bool withLogger, bool isSaid)
    {
        using ValStepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.5);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 1 });
        runner.RegisterTrainingHooks(new() { LogConfig = withLogger ? new() { Interval = 10 } : null });

        runner.Run([ToyDataset.Loader(4), ToyDataset.Loader(4)], TrainAndVal);

        const string Line = "The values of the 'val' flow are averaged into the lines of the training, and no line of their own is printed, as in MMCV's "
            + "IterBasedRunner. Use an EpochBasedRunner for validation lines.";
        OfTheRunner.Should().Equal(isSaid ? [(9110, Line)] : []);
    }

    [Fact]
    public void MaxIters_must_be_set()
    {
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, null);

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainOnce);

        run.Should().Throw<InvalidOperationException>().WithMessage("MaxIters is not set. Set it in the runner's options.");
    }

    [Theory]
    [InlineData("train", ": 3 epochs of 4 batches are 12 iterations.")]
    [InlineData("val", ".")]
    public void A_limit_of_epochs_is_answered_with_the_iterations_to_set(string mode, string hint)
    {
        using ValStepModel model = new();
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 3 });

        Action run = () => runner.Run([ToyDataset.Loader(8)], [(mode, 1)]);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            $"MaxEpochs is 3, but IterBasedRunner counts iterations. Set MaxIters in the runner's options instead{hint}");
    }

    [Fact]
    public void A_val_flow_needs_a_validation_step_before_anything_runs()
    {
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 1);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        Action run = () => runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], TrainAndVal);

        run.Should().Throw<InvalidOperationException>().WithMessage("The workflow has a 'val' flow, but StepModel has no validation step.*");
        recorder.Calls.Should().BeEmpty();
    }

    [Fact]
    public void A_derived_runner_can_add_a_mode_and_validate_in_its_own_way()
    {
        using StepModel model = new();
        using OwnRunner runner = new(model, new RunnerOptions { Logger = logger, MaxIters = 2 });

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2), ToyDataset.Loader(2)], [("train", 1), ("val", 2), ("test", 1)]);

        runner.Calls.Should().Equal("val", "val", "test", "val", "val", "test");
    }

    [Fact]
    public void A_second_run_says_that_nothing_is_left_and_calls_the_hooks_around_it()
    {
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 3);
        CallRecorder recorder = new();
        runner.Run([ToyDataset.Loader(4)], TrainOnce);
        runner.RegisterHook(recorder);

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        recorder.Calls.Should().Equal(
            "before_run train 0 3 1  3", "before_epoch train 0 3 1  3", "after_epoch train 0 3 1  3", "after_run train 0 3 1  3");
        OfTheRunner.Should().Equal((9041, "Nothing is left to train: 3 of 3 iters are done. To train further, make a runner with a larger MaxIters."));
    }

    [Fact]
    public void A_training_that_changes_nothing_says_so()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using IterBasedRunner runner = new(model, new RunnerOptions { Logger = logger, Optimizer = optimizer, MaxIters = 12 });

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        logger.DoubtsAboutTraining.Should().ContainSingle().Which.Should().StartWith("No parameter of StepModel has changed in ");
    }

    [Fact]
    public void A_step_that_throws_is_reported_with_its_iteration()
    {
        int steps = 0;
        using StepModel model = new((stepped, batch) => ++steps == 3 ? throw new FormatException() : new() { Loss = stepped.Loss(batch) });
        using IterBasedRunner runner = Runner(model, 5);

        Action run = () => runner.Run([ToyDataset.Loader(4)], TrainOnce);

        run.Should().Throw<FormatException>();
        logger.Ours.Single(line => line.Id == 9060).Text.Should().Be(
            "Stopped by FormatException: side legacy, model StepModel, epoch 0 and iteration 2 (counted from 0), stage step. The batch is a ToyBatch: "
            + "Img float32 [2, 1] cpu, Label float32 [2, 1] cpu. The model's parameters are float32 cpu.");
    }

    [Theory]
    [InlineData(2, 3, 4)]
    [InlineData(4, 3, 4)]
    public void A_loss_that_is_not_finite_is_found_when_as_many_batches_as_a_pass_has_are_through_or_at_the_end(int badIteration, int length, int iters)
    {
        int iteration = 0;
        using StepModel model = new((stepped, batch) => new() { Loss = stepped.Loss(batch) * (iteration++ == badIteration - 1 ? double.NaN : 1) });
        using IterBasedRunner runner = Runner(model, iters);
        CallRecorder calls = new();
        runner.RegisterHook(calls);

        Action run = () => runner.Run([ToyDataset.Loader(2 * length)], TrainOnce);

        run.Should().Throw<NonFiniteLossException>();
        runner.Iter.Should().Be(badIteration == 2 ? length : iters);
        calls.Calls.Should().NotContain(call => call.StartsWith("after_epoch", StringComparison.Ordinal), "the hooks after the run see no such loss");
    }

    [Fact]
    public void Where_it_stands_is_read_from_and_written_to_the_attached_state()
    {
        using StepModel model = new();
        using IterBasedRunner runner = Runner(model, 1);
        RunnerState state = new() { MaxIters = 5 };
        RunnerState own = runner.UseState(state);

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        (state.Iter, state.InnerIter, state.Mode, own.Iter).Should().Be((5, 1, "train", 0));
    }

    [Fact]
    public void Weights_are_those_of_the_runner_by_epoch_where_both_see_the_same_batches()
    {
        double[] byIter = Train((model, options) => new IterBasedRunner(model, options with { MaxIters = 12 }));

        byIter.Should().HaveCount(12).And.Equal(Train((model, options) => new EpochBasedRunner(model, options with { MaxEpochs = 4 })));
        byIter.Should().NotEqual(Train((model, options) => new IterBasedRunner(model, options with { MaxIters = 11 })));
        byIter[0].Should().NotBe(byIter[11]);
    }

    private static double[] Train(Func<nn.Module, RunnerOptions, WorkflowRunner> make)
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = new FusedSgd(model.parameters(), new() { Lr = 0.1, Momentum = 0.9 });
        using WorkflowRunner runner = make(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer });
        runner.RegisterOptimizerHook(new OptimizerConfig());
        List<double> weights = [];
        foreach (int _ in runner.RunIterations([ToyDataset.Loader(6)], TrainOnce))
        {
            weights.Add(model.Weight);
        }

        return [.. weights];
    }

    private IterBasedRunner Runner(nn.Module model, int? iters) => new(model, new RunnerOptions { Logger = logger, MaxIters = iters });

    private sealed class OwnRunner(nn.Module model, RunnerOptions options) : IterBasedRunner(model, options)
    {
        public List<string> Calls { get; } = [];

        protected override Action<IterLoader> ResolveMode(string mode) => mode == "test" ? _ => Calls.Add("test") : base.ResolveMode(mode);

        protected override void Val(IterLoader dataLoader) => Calls.Add("val");
    }

    private sealed class WatchingModel : nn.Module, ITrainStep, IValStep
    {
        private readonly TorchSharp.Modules.Linear linear = nn.Linear(1, 1);

        public WatchingModel()
            : base(nameof(WatchingModel)) => RegisterComponents();

        public List<string> Seen { get; } = [];

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer) => Step("train", data, optimizer);

        public StepOutputs ValStep(DataBatch data, OptimizerSet? optimizer) => Step("val", data, optimizer);

        private StepOutputs Step(string step, DataBatch data, OptimizerSet? optimizer)
        {
            Seen.Add($"{step} {training} {linear.forward(((ToyBatch)data).Img).requires_grad} {optimizer is not null}");
            return new();
        }
    }
}
