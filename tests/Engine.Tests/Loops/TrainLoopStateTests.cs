using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

public sealed class TrainLoopStateTests
{
    private const int Epochs = 3;

    [Theory]
    [InlineData("after_train_iter 1", 1, 0, 1, TrainingPhase.Training)]
    [InlineData("after_train_iter 7", 7, 1, 2, TrainingPhase.Training)]
    [InlineData("after_train_iter 5", 5, 0, 5, TrainingPhase.Training)]
    [InlineData("after_train_epoch 5", 5, 1, 0, TrainingPhase.ValidationDue)]
    [InlineData("after_val_epoch 5", 5, 1, 0, TrainingPhase.ValidationDone)]
    [InlineData("between 8", 8, 1, 3, TrainingPhase.Training)]
    public void A_run_goes_on_exactly_where_the_state_was_saved(string when, int iter, int epoch, int batchIndex, TrainingPhase phase)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] straight = Train(shuffle: true, out List<string> points);
        (PthDict state, float[] weights) = Saved(shuffle: true, when);

        state["iter"].Should().Be(new PthInteger(iter));
        state["epoch"].Should().Be(new PthInteger(epoch));
        state["batch_index"].Should().Be(new PthInteger(batchIndex));
        state["phase"].Should().Be(new PthText(phase.ToString()));
        float[] resumed = Train(shuffle: true, out List<string> rest, new ResumeHook(state, weights));
        resumed.Should().Equal(straight);
        rest.Should().Equal(points[(points.Count - rest.Count)..], "the resumed run calls what was left");
    }

    [Theory]
    [InlineData("random")]
    [InlineData("dataloader")]
    public void Without_a_part_of_the_state_it_ends_somewhere_else(string part)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] straight = Train(shuffle: true, out _);
        (PthDict state, float[] weights) = Saved(shuffle: true, "after_train_iter 7");
        PthDict other = Saved(shuffle: true, "after_train_iter 6").State;
        state[part] = other[part];

        Train(shuffle: true, out _, new ResumeHook(state, weights)).Should().NotEqual(straight);
    }

    [Fact]
    public void A_sampler_whose_epoch_is_set_by_a_hook_goes_on_where_it_stood()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] straight = Train(shuffle: false, out _);
        (PthDict state, float[] weights) = Saved(shuffle: false, "after_train_iter 8");

        Train(shuffle: false, out _, new ResumeHook(state, weights)).Should().Equal(straight);
    }

    [Theory]
    [InlineData("iter", -1, "The state has -1 under 'iter'; it must be from 0 to 2147483647. The file is damaged; take an older one.")]
    [InlineData("batch_index", 8, "The state has 8 under 'batch_index'; it must be from 0 to 7, its 'iter'. The file is damaged; take an older one.")]
    [InlineData("phase", "1", "The state's 'phase' is '1'; it must be Training, ValidationDue, ValidationDone.")]
    [InlineData("phase", "Sleeping", "The state's 'phase' is 'Sleeping'; it must be Training, ValidationDue, ValidationDone.")]
    [InlineData("epoch", "two", "The state's 'epoch' is a PthText; it must be a whole number. Give what SaveState returned.")]
    [InlineData("dataloader", null, "The state lacks 'dataloader', which must be a dictionary. Give what SaveState returned.")]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing(string entry, object? value, string message)
    {
        using DisposeScope scope = NewDisposeScope();
        PthDict saved = Saved(shuffle: true, "after_train_iter 7").State;
        PthDict state = [];
        foreach ((PthValue key, PthValue old) in saved.Where(pair => value is not null || pair.Key != new PthText(entry)))
        {
            state.Set(key, key != new PthText(entry) ? old : value is int number ? number : (string)value!);
        }

        RefusedHook hook = new(state);
        Train(shuffle: true, out _, hook);

        hook.Message.Should().Be(message);
        hook.After.Should().Be((0, 0, 0, TrainingPhase.Training));
    }

    [Fact]
    public void The_wrapper_counts_from_where_a_hook_before_training_resumed()
    {
        using DisposeScope scope = NewDisposeScope();
        (PthDict state, float[] weights) = Saved(shuffle: true, "after_train_iter 6");
        InnerCountHook count = new();

        Train(shuffle: true, out _, new ResumeHook(state, weights), count);

        count.AtFirstIteration.Should().Be(6);
    }

    [Fact]
    public void A_random_state_that_nobody_used_is_freed_with_the_runner()
    {
        using TestRun run = new();
        Runner runner = run.Train(run.Options);
        long before = LiveTensors.Settled();
        using (DisposeScope scope = NewDisposeScope())
        {
            runner.TrainLoop!.LoadState(runner.TrainLoop!.SaveState());
            runner.TrainLoop!.LoadState(runner.TrainLoop!.SaveState());
            PthDict other = runner.TrainLoop!.SaveState();
            other["dataloader"] = 0;
            runner.TrainLoop!.Invoking(loop => loop.LoadState(other)).Should().Throw<PthException>();
        }

        Tensor.TotalCount.Should().Be(before + 1, "the loop keeps the last one that fitted");
        runner.TrainLoop!.Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void A_validation_that_was_due_is_done_where_there_is_none()
    {
        using DisposeScope scope = NewDisposeScope();
        using TestRun run = new();

        Runner runner = run.Train(run.Options, new ValidationDueHook());

        (runner.Progress.Epoch, runner.Progress.Phase).Should().Be((2, TrainingPhase.ValidationDone));
    }

    [Fact]
    public void After_a_validation_the_next_epoch_begins_in_the_phase_of_training()
    {
        using TestRun run = new();
        PhaseHook hook = new();

        run.Train(run.WithValidation, hook);

        hook.AtEpochs.Should().Equal(TrainingPhase.Training, TrainingPhase.Training);
    }

    private static (PthDict State, float[] Weights) Saved(bool shuffle, string when)
    {
        SavingHook hook = new(when);
        Train(shuffle, out _, hook);
        return (hook.State!, hook.Weights!);
    }

    private static float[] Train(bool shuffle, out List<string> points, params Hook[] hooks)
    {
        using TemporaryFolder folder = new();
        using NoisyModel model = new();
        TorchSeed.Set(hooks.Length == 0 || hooks[0] is SavingHook ? 5 : 77);
        RampDataset train = new(10);
        RampDataset val = new(4);
        PointsHook recorder = new();
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = new BatchLoader(
                train, new() { BatchSize = 2, Sampler = shuffle ? new RandomSampler(train) : new DefaultSampler(train, seed: 3) }),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = Epochs },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
            ValDataloader = new BatchLoader(val, new() { BatchSize = 2 }),
            ValEvaluator = new Evaluator(new ConstantMetric("mAP", 0.5)),
            CustomHooks = [.. hooks, recorder],
        });
        foreach (int iter in runner.TrainIterations())
        {
            hooks.OfType<SavingHook>().FirstOrDefault()?.Between(runner);
        }

        points = recorder.Points;
        return Weights(runner);
    }

    private static float[] Weights(Runner runner) => [.. runner.Model.parameters().SelectMany(parameter => parameter.data<float>().ToArray())];

    /// <summary>Saves at one moment: weights and state.</summary>
    private sealed class SavingHook(string when) : Hook
    {
        public PthDict? State { get; private set; }

        public float[]? Weights { get; private set; }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Save(runner, $"after_train_iter {runner.Progress.Iter + 1}");

        public override void AfterTrainEpoch(Runner runner) => Save(runner, $"after_train_epoch {runner.Progress.Iter}");

        public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => Save(runner, $"after_val_epoch {runner.Progress.Iter}");

        public void Between(Runner runner) => Save(runner, $"between {runner.Progress.Iter}");

        private void Save(Runner runner, string moment)
        {
            if (moment == when && State is null)
            {
                State = runner.TrainLoop!.SaveState();
                ((PthTensor)((PthDict)State["random"])["cpu"]).Value.DetachFromDisposeScope();
                if (((PthDict)State["dataloader"])["generator"] is PthTensor generator)
                {
                    generator.Value.DetachFromDisposeScope();
                }

                Weights = TrainLoopStateTests.Weights(runner);
            }
        }
    }

    /// <summary>Resumes before training, as an old trainer's hook may.</summary>
    private sealed class ResumeHook(PthDict state, float[] weights) : Hook
    {
        public override void BeforeTrain(Runner runner)
        {
            runner.TrainLoop!.LoadState(state);
            int next = 0;
            using IDisposable guard = no_grad();
            foreach (Parameter parameter in runner.Model.parameters())
            {
                int count = (int)parameter.numel();
                parameter.copy_(tensor(weights[next..(next + count)]).reshape(parameter.shape));
                next += count;
            }
        }
    }

    private sealed class RefusedHook(PthDict state) : Hook
    {
        public string? Message { get; private set; }

        public (int, int, int, TrainingPhase) After { get; private set; }

        public override void BeforeTrain(Runner runner)
        {
            Action load = () => runner.TrainLoop!.LoadState(state);
            Message = load.Should().Throw<PthException>().Which.Message;
            After = (runner.Progress.Epoch, runner.Progress.Iter, runner.Progress.BatchIndex, runner.Progress.Phase);
        }
    }

    private sealed class InnerCountHook : Hook
    {
        public int? AtFirstIteration { get; private set; }

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
            AtFirstIteration ??= ((OptimWrapper)runner.OptimWrapper).InnerCount;
    }

    private sealed class ValidationDueHook : Hook
    {
        public override void BeforeTrain(Runner runner)
        {
            PthDict state = runner.TrainLoop!.SaveState();
            (state["epoch"], state["phase"]) = (runner.MaxEpochs, nameof(TrainingPhase.ValidationDue));
            runner.TrainLoop!.LoadState(state);
        }
    }

    private sealed class PhaseHook : Hook
    {
        public List<TrainingPhase> AtEpochs { get; } = [];

        public override void BeforeTrainEpoch(Runner runner) => AtEpochs.Add(runner.Progress.Phase);
    }

    private sealed class PointsHook : Hook
    {
        public List<string> Points { get; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
            Points.Add($"train {runner.Progress.Epoch} {runner.Progress.Iter} {string.Join(' ', arguments.Batch.Indices)}");

        public override void BeforeValIter(Runner runner, BeforeIterArguments arguments) => Points.Add($"val {runner.Progress.Epoch}");
    }
}
