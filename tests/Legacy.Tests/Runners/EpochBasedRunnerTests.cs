using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Logging;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Runners;

public sealed class EpochBasedRunnerTests
{
    private static readonly WorkflowStep[] TrainOnce = [("train", 1)];
    private static readonly WorkflowStep[] TrainAndVal = [("train", 1), ("val", 1)];

    [Fact]
    public void Hooks_are_called_in_the_order_of_mmcv()
    {
        Calls([("train", 1)], 1, 1).Should().Equal(
            "before_run - 0 0 0 1 1",
            "before_train_epoch train 0 0 0 1 1",
            "before_epoch train 0 0 0 1 1",
            "before_train_iter train 0 0 0 1 1",
            "before_iter train 0 0 0 1 1",
            "after_train_iter train 0 0 0 1 1",
            "after_iter train 0 0 0 1 1",
            "after_train_epoch train 0 1 0 1 1",
            "after_epoch train 0 1 0 1 1",
            "after_run train 1 1 0 1 1");
    }

    [Fact]
    public void A_trailing_validation_runs_although_enough_is_trained()
    {
        List<string> calls = Calls([("train", 2), ("val", 1)], 3, 1);

        calls.Where(call => call.StartsWith("before_train_epoch", StringComparison.Ordinal)).Should().HaveCount(3);
        calls.Where(call => call.StartsWith("before_val_epoch", StringComparison.Ordinal)).Should().Equal(
            "before_val_epoch val 2 2 0 3 3", "before_val_epoch val 3 3 0 3 3");
    }

    [Theory]
    [InlineData("val", 1)]
    [InlineData("train", 0)]
    public void A_workflow_that_would_never_end_is_refused_before_anything_runs(string mode, int epochs)
    {
        bool began = false;
        using ValStepModel model = new();
        using EpochBasedRunner runner = Runner(model);
        runner.RegisterHook(new BeginHook(() => began = true));

        Action run = () => runner.Run([ToyDataset.Loader(2)], [(mode, epochs)]);

        run.Should().Throw<ArgumentException>().WithMessage(
            $"The workflow is [('{mode}', {epochs})], in which nothing trains: 1 epochs would never be reached. Add a flow ('train', 1).*");
        began.Should().BeFalse();
    }

    [Fact]
    public void A_validation_counts_neither_iterations_nor_epochs_and_makes_no_gradients()
    {
        List<bool> gradMode = [];
        List<bool> training = [];
        using ValStepModel model = new(valStep: (stepped, batch) =>
        {
            gradMode.Add(stepped.Loss(batch).requires_grad);
            training.Add(stepped.training);
            return new StepOutputs();
        });
        using EpochBasedRunner runner = Runner(model);

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(4)], TrainAndVal);

        (runner.Epoch, runner.Iter).Should().Be((1, 1));
        gradMode.Should().Equal(false, false);
        training.Should().Equal(false, false);
    }

    [Fact]
    public void Training_after_a_validation_is_in_training_mode_again()
    {
        List<bool> training = [];
        using ValStepModel model = new(
            (stepped, batch) =>
            {
                training.Add(stepped.training);
                return new StepOutputs { Loss = stepped.Loss(batch) };
            },
            (_, _) => new StepOutputs());
        using EpochBasedRunner runner = Runner(model, epochs: 2);

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], TrainAndVal);

        training.Should().Equal(true, true);
    }

    [Fact]
    public void Batch_and_outputs_are_seen_within_the_iteration_and_gone_after_it()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model);
        List<bool> present = [];
        runner.RegisterHook(new ActionHook
        {
            AtBeforeTrainIter = inner => present.AddRange([inner.DataBatch is not null, inner.Outputs is not null]),
            AtAfterTrainIter = inner => present.AddRange([inner.DataBatch is not null, inner.Outputs is not null]),
            AtAfterTrainEpoch = inner => present.AddRange([inner.DataBatch is not null, inner.Outputs is not null]),
        });

        runner.Run([ToyDataset.Loader(2)], TrainOnce);

        present.Should().Equal(true, false, true, true, false, false);
    }

    [Fact]
    public void The_model_gets_the_batch_and_the_runners_optimizer()
    {
        using OptimizerWatchingModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 1 });

        runner.Run([ToyDataset.Loader(2)], TrainOnce);

        model.Seen.Should().BeSameAs(runner.Optimizer);
        model.Indices.Should().Equal(0, 1);
    }

    [Fact]
    public void Iterations_can_be_advanced_one_by_one()
    {
        using ValStepModel model = new();
        using EpochBasedRunner runner = Runner(model);

        IEnumerable<int> iterations = runner.RunIterations([ToyDataset.Loader(4), ToyDataset.Loader(2)], TrainAndVal);

        runner.Iter.Should().Be(0, "nothing runs before it is asked for");
        iterations.Should().Equal(1, 2, 2);
    }

    [Fact]
    public void Zero_epochs_only_call_the_hooks_around_the_run()
    {
        Calls([("train", 1)], 0, 1).Should().Equal("before_run - 0 0 0 0 0", "after_run - 0 0 0 0 0");
    }

    [Fact]
    public void The_number_of_iterations_is_known_before_the_first_epoch()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model, epochs: 3);
        runner.MaxIters.Should().BeNull();
        using IEnumerator<int> iterations = runner.RunIterations([ToyDataset.Loader(5)], TrainOnce).GetEnumerator();

        iterations.MoveNext();

        runner.MaxIters.Should().Be(9);
    }

    [Fact]
    public void The_start_is_logged_as_mmcv_does()
    {
        using StepModel model = new();
        ListLogger logger = new();
        using EpochBasedRunner runner = Runner(model, logger: logger, epochs: 2);
        runner.RegisterHook(new ActionHook());

        runner.Run([ToyDataset.Loader(2)], TrainOnce);

        logger.LinesOfTheOriginals.Should().Equal(
            $"Start running, host: {Environment.UserName}@{Environment.MachineName}, work_dir: NONE",
            $"Hooks will be executed in the following order:\n{runner.GetHookInfo()}",
            "workflow: [('train', 1)], max: 2 epochs");
    }

    [Fact]
    public void The_first_line_names_the_work_folder()
    {
        using TemporaryFolder folder = new();
        using StepModel model = new();
        ListLogger logger = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 1, WorkDir = folder.Path });

        runner.Run([ToyDataset.Loader(2)], TrainOnce);

        logger.LinesOfTheOriginals[0].Should().EndWith($", work_dir: {folder.Path}");
    }

    [Fact]
    public void An_unknown_mode_is_refused_before_anything_runs()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        Action run = () => runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], [("train", 1), ("test", 1)]);

        run.Should().Throw<ArgumentException>().WithMessage(
            "The workflow has a flow of mode 'test'; EpochBasedRunner knows 'train' and 'val'. Override ResolveMode to add another.*");
        recorder.Calls.Should().BeEmpty();
    }

    [Fact]
    public void A_derived_runner_can_add_a_mode()
    {
        using StepModel model = new();
        using TestModeRunner runner = new(model, Options());

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], [("train", 1), ("test", 1)]);

        runner.Tested.Should().Be(1);
    }

    [Fact]
    public void Loaders_and_flows_must_be_equally_many()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model);

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainAndVal);

        run.Should().Throw<ArgumentException>().WithMessage("There are 1 loaders for 2 flows of the workflow. Give one loader for each flow.*");
    }

    [Fact]
    public void MaxEpochs_must_be_set()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger() });

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainOnce);

        run.Should().Throw<InvalidOperationException>().WithMessage("MaxEpochs is not set. Set it in the runner's options.");
    }

    [Fact]
    public void A_limit_of_iterations_is_answered_with_the_epochs_to_set()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), MaxIters = 10 });

        Action run = () => runner.Run([ToyDataset.Loader(8)], TrainOnce);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "MaxIters is 10, but EpochBasedRunner counts epochs. Set MaxEpochs in the runner's options instead: 10 iterations are 3 epochs of 4 batches.");
    }

    [Fact]
    public void A_second_run_says_that_nothing_is_left_and_calls_the_hooks_around_it()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model, logger: logger, epochs: 2);
        CallRecorder recorder = new();
        runner.Run([ToyDataset.Loader(4)], TrainOnce);
        OfTheRunner(logger).Should().BeEmpty();
        runner.RegisterHook(recorder);

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        recorder.Calls.Should().Equal("before_run train 2 4 1 2 4", "after_run train 2 4 1 2 4");
        OfTheRunner(logger).Should().Equal((9041, "Nothing is left to train: 2 of 2 epochs are done. To train further, make a runner with a larger MaxEpochs."));
    }

    [Theory]
    [InlineData(true, 2, false, true)]
    [InlineData(true, 2, true, false)]
    [InlineData(true, 1, false, false)]
    [InlineData(false, 2, false, false)]
    public void A_shuffle_that_repeats_one_order_is_said_once(bool shuffle, int epochs, bool withHook, bool isSaid)
    {
        ListLogger logger = new();
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model, epochs, logger);
        ToyDataset dataset = new(4);
        BatchLoader[] loaders = [new(dataset, new() { Sampler = new DefaultSampler(dataset, shuffle) }), new(dataset, new() { Sampler = new DefaultSampler(dataset, shuffle) })];
        if (withHook)
        {
            runner.RegisterHook(new DistSamplerSeedHook());
        }

        runner.Run(loaders, [("train", 1), ("train", 1)]);

        const string Line = "The sampler of the 'train' flow shuffles, but nobody tells it the epoch: every epoch repeats the order of the first one, as in MMCV. "
            + "Register a DistSamplerSeedHook for a new order in each epoch.";
        OfTheRunner(logger).Should().Equal(isSaid ? [(9042, Line)] : []);
    }

    [Fact]
    public void A_shuffle_of_the_loader_has_a_new_order_in_each_epoch_and_needs_no_hook()
    {
        ListLogger logger = new();
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model, epochs: 2, logger);
        List<int> order = [];
        runner.RegisterHook(new ActionHook { AtBeforeTrainIter = inner => order.AddRange(inner.DataBatch!.Indices) });

        runner.Run([new BatchLoader(new ToyDataset(20), new() { Shuffle = true })], TrainOnce);

        order[..20].Should().NotEqual(order[20..]).And.BeEquivalentTo(order[20..]);
        OfTheRunner(logger).Should().BeEmpty();
    }

    [Fact]
    public void Both_limits_together_are_refused()
    {
        using StepModel model = new();

        Action make = () => _ = new EpochBasedRunner(model, new RunnerOptions { Logger = new ListLogger(), MaxEpochs = 2, MaxIters = 10 });

        make.Should().Throw<ArgumentException>().WithMessage("MaxEpochs is 2 and MaxIters is 10; only one of them can be set.*");
    }

    [Fact]
    public void A_model_without_a_training_step_is_refused()
    {
        using nn.Module model = nn.Linear(1, 1);

        Action make = () => _ = new EpochBasedRunner(model, Options());

        make.Should().Throw<ArgumentException>().WithMessage(
            "Linear has no training step. Let it implement ITrainStep, whose TrainStep returns loss, num_samples and log_vars.*");
    }

    [Fact]
    public void A_val_flow_needs_a_validation_step()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        Action run = () => runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], TrainAndVal);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "The workflow has a 'val' flow, but StepModel has no validation step. Let it implement IValStep, or leave the flow out.");
        recorder.Calls.Should().BeEmpty("nothing has been trained for nothing");
    }

    [Theory]
    [InlineData("val", 1, "[('val', 1)]")]
    [InlineData("train", 0, "[('train', 0)]")]
    public void A_workflow_in_which_nothing_trains_would_never_end_and_is_refused(string mode, int epochs, string shown)
    {
        using ValStepModel model = new();
        using EpochBasedRunner runner = Runner(model);
        using EpochBasedRunner done = Runner(model, epochs: 0);

        Action run = () => runner.Run([ToyDataset.Loader(2)], [(mode, epochs)]);
        Action runDone = () => done.Run([ToyDataset.Loader(2)], [(mode, epochs)]);

        run.Should().Throw<ArgumentException>().WithMessage(
            $"The workflow is {shown}, in which nothing trains: 1 epochs would never be reached. Add a flow ('train', 1).*");
        runDone.Should().NotThrow("it has nothing to reach");
    }

    [Fact]
    public void A_val_flow_of_no_epochs_needs_none()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model);

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], [("train", 1), ("val", 0)]);

        runner.Epoch.Should().Be(1);
    }

    [Fact]
    public void A_runner_that_validates_in_its_own_way_needs_no_validation_step_of_the_model()
    {
        using StepModel model = new();
        using OwnValRunner runner = new(model, Options());
        using OwnIterRunner iterRunner = new(model, Options());

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], TrainAndVal);
        iterRunner.Run([ToyDataset.Loader(2), ToyDataset.Loader(2)], TrainAndVal);

        (runner.Validated, iterRunner.Validated).Should().Be((1, 1));
    }

    [Fact]
    public void A_step_that_returns_null_is_named()
    {
        using StepModel model = new((_, _) => null!);
        using EpochBasedRunner runner = Runner(model);

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainOnce);

        run.Should().Throw<InvalidOperationException>().WithMessage(
            "StepModel returned null from its step. Write 'return new() { Loss = loss, NumSamples = count, LogVars = logVars };', with what there is of the "
            + "three, or 'return new();' if nothing is logged and the model updates its weights itself.");
    }

    [Fact]
    public void Log_values_without_a_number_of_samples_are_refused()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), LogVars = new LogVars { ["acc"] = 1.0 } });
        using EpochBasedRunner runner = Runner(model);

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainOnce);

        run.Should().Throw<KeyNotFoundException>().WithMessage(
            "StepModel returned log_vars without num_samples. Keys present: loss, log_vars. Set StepOutputs.NumSamples to the size of the batch.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_loss_that_is_not_finite_names_iteration_and_term(int badIteration)
    {
        int iteration = 0;
        using StepModel model = new((stepped, batch) =>
        {
            Tensor loss = stepped.Loss(batch);
            Tensor bad = iteration++ == badIteration ? loss * double.NaN : loss;
            return new StepOutputs { Loss = loss + bad, NumSamples = 2, LogVars = new LogVars { ["loss_cls"] = loss, ["loss_box"] = bad } };
        });
        using EpochBasedRunner runner = Runner(model);

        Action run = () => runner.Run([ToyDataset.Loader(10)], TrainOnce);

        run.Should().Throw<NonFiniteLossException>().WithMessage(
            $"The loss is not finite: 'loss_box' is NaN at iteration {badIteration} (counted from 0). Lower the learning rate, clip the gradients or look for "
            + "bad samples in that batch; set NonFiniteLoss to Warn or Ignore in the runner's options to train on.");
    }

    [Fact]
    public void A_loss_that_nobody_logs_is_watched_too()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch) / 0 });
        using EpochBasedRunner runner = Runner(model);

        Action run = () => runner.Run([ToyDataset.Loader(2)], TrainOnce);

        run.Should().Throw<NonFiniteLossException>().WithMessage("The loss is not finite: 'loss' is Infinity at iteration 0*");
    }

    [Fact]
    public void A_finite_loss_raises_nothing()
    {
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 2, LogVars = new LogVars { ["acc"] = double.NaN } });
        using EpochBasedRunner runner = Runner(model);

        runner.Run([ToyDataset.Loader(2)], TrainOnce);

        runner.Iter.Should().Be(1, "a value that is no loss may be anything");
    }

    [Theory]
    [InlineData(NonFiniteLoss.Warn, 1)]
    [InlineData(NonFiniteLoss.Ignore, 0)]
    public void A_loss_that_is_not_finite_can_be_allowed(NonFiniteLoss rule, int warnings)
    {
        ListLogger logger = new();
        using StepModel model = new((stepped, batch) => new StepOutputs { Loss = stepped.Loss(batch) * double.NaN });
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = logger, MaxEpochs = 2, NonFiniteLoss = rule });

        runner.Run([ToyDataset.Loader(4)], TrainOnce);

        runner.Iter.Should().Be(4);
        logger.Ours.Count(line => line.Id == CompatEvents.NonFiniteLoss.Id).Should().Be(warnings);
    }

    [Fact]
    public void Tensors_of_an_iteration_end_with_it()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        using EpochBasedRunner runner = new(model, new RunnerOptions { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 20 });
        runner.RegisterOptimizerHook(new OptimizerConfig());
        List<long> live = [];

        foreach (int iter in runner.RunIterations([ToyDataset.Loader(4)], TrainOnce))
        {
            if (iter is 3 or 39)
            {
                live.Add(live.Count == 0 ? LiveTensors.Settled() : Tensor.TotalCount);
            }
        }

        live.Should().HaveCount(2);
        live[1].Should().Be(live[0]);
    }

    [Fact]
    public void The_number_of_iterations_is_that_of_the_flow_that_is_trained()
    {
        using StepModel model = new();
        using EpochBasedRunner runner = Runner(model, epochs: 2);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);

        runner.Run([ToyDataset.Loader(2), ToyDataset.Loader(6)], [("train", 1), ("train", 1)]);

        recorder.Calls.Where(call => call.StartsWith("before_train_epoch", StringComparison.Ordinal)).Should().Equal(
            "before_train_epoch train 0 0 0 2 2", "before_train_epoch train 1 1 0 2 6");
    }

    [Fact]
    public void A_training_that_is_abandoned_frees_with_the_runner_what_it_kept()
    {
        long watched = FreedBy(logged: 0);

        watched.Should().BePositive("the watch of the parameters keeps some");
        FreedBy(logged: 2).Should().Be(watched + 2);

        static long FreedBy(int logged)
        {
            using StepModel model = new((stepped, batch) =>
            {
                LogVars values = [];
                for (int i = 0; i < logged; i++)
                {
                    values[$"value{i}"] = ones([]);
                }

                return new StepOutputs { Loss = stepped.Loss(batch), NumSamples = 1, LogVars = values };
            });
            EpochBasedRunner runner = Runner(model);
            runner.RunIterations([ToyDataset.Loader(4)], TrainOnce).First();
            long before = LiveTensors.Settled();

            runner.Dispose();

            return before - Tensor.TotalCount;
        }
    }

    // These models are not trained; that this is said as well has tests of its own.
    private static IEnumerable<(int Id, string Text)> OfTheRunner(ListLogger logger) => logger.Ours.Where(line => !logger.DoubtsAboutTraining.Contains(line.Text));

    private static List<string> Calls(WorkflowStep[] workflow, int epochs, int length)
    {
        using ValStepModel model = new();
        using EpochBasedRunner runner = Runner(model, epochs: epochs);
        CallRecorder recorder = new();
        runner.RegisterHook(recorder);
        runner.Run([.. workflow.Select(_ => ToyDataset.Loader(2 * length))], workflow);
        return recorder.Calls;
    }

    private static RunnerOptions Options() => new() { Logger = new ListLogger(), MaxEpochs = 1 };

    private static EpochBasedRunner Runner(nn.Module model, int epochs = 1, ListLogger? logger = null) =>
        new(model, new RunnerOptions { Logger = logger ?? new ListLogger(), MaxEpochs = epochs });

    private sealed class TestModeRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public int Tested { get; private set; }

        protected override Func<BatchLoader, IEnumerable<int>> ResolveMode(string mode) => mode == "test" ? Test : base.ResolveMode(mode);

        private int[] Test(BatchLoader loader)
        {
            Tested += loader.Length;
            return [];
        }
    }

    private sealed class OwnValRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public int Validated { get; private set; }

        protected override IEnumerable<int> Val(BatchLoader dataLoader)
        {
            Validated += dataLoader.Length;
            return [];
        }
    }

    private sealed class OwnIterRunner(nn.Module model, RunnerOptions options) : EpochBasedRunner(model, options)
    {
        public int Validated { get; private set; }

        protected override void RunIter(DataBatch batch, bool trainMode)
        {
            Validated += trainMode ? 0 : 1;
            TakeOutputs(new StepOutputs(), trainMode);
        }
    }

    private sealed class OptimizerWatchingModel : nn.Module, ITrainStep
    {
        private readonly TorchSharp.Modules.Linear linear = nn.Linear(1, 1);

        public OptimizerWatchingModel()
            : base(nameof(OptimizerWatchingModel)) => RegisterComponents();

        public OptimizerSet? Seen { get; private set; }

        public IReadOnlyList<int> Indices { get; private set; } = [];

        public StepOutputs TrainStep(DataBatch data, OptimizerSet? optimizer)
        {
            Seen = optimizer;
            Indices = data.Indices;
            return new StepOutputs { Loss = linear.forward(((ToyBatch)data).Img).sum() };
        }
    }

    private sealed class BeginHook(Action began) : Hook
    {
        public override void BeforeRun(BaseRunner runner) => began();
    }
}
