using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

public sealed class EpochBasedTrainLoopTests
{
    [Fact]
    public void Hooks_are_called_in_the_order_of_the_original()
    {
        using TestRun run = new();
        RecordingHook hook = new();

        run.Train(run.WithValidation with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 } }, hook);

        hook.Points.Should().Equal(
            "before_run", "before_train",
            "before_train_epoch", "before_train_iter 0", "after_train_iter 0", "before_train_iter 1", "after_train_iter 1", "after_train_epoch",
            "before_val", "before_val_epoch", "before_val_iter 0", "after_val_iter 0", "before_val_iter 1", "after_val_iter 1",
            "after_val_epoch 0.5", "after_val",
            "after_train", "after_run");
    }

    [Fact]
    public void Counters_count_what_is_complete()
    {
        using TestRun run = new();
        RecordingHook hook = new();

        run.Train(run.WithValidation with { TrainDataloader = ToyDataset.Loader(2), ValDataloader = ToyDataset.Loader(2) }, hook);

        hook.Numbers.Should().Equal(
            "before_run 0/0", "before_train 0/0",
            "before_train_epoch 0/0", "before_train_iter 0/0", "after_train_iter 0/0", "after_train_epoch 0/1",
            "before_val 1/1", "before_val_epoch 1/1", "before_val_iter 1/1", "after_val_iter 1/1", "after_val_epoch 1/1", "after_val 1/1",
            "before_train_epoch 1/1", "before_train_iter 1/1", "after_train_iter 1/1", "after_train_epoch 1/2",
            "before_val 2/2", "before_val_epoch 2/2", "before_val_iter 2/2", "after_val_iter 2/2", "after_val_epoch 2/2", "after_val 2/2",
            "after_train 2/2", "after_run 2/2");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_training_with_nothing_left_says_so(int epochs)
    {
        using TestRun run = new();

        run.Train(run.Options with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs } });

        (int, string)[] line = [(9041, "Nothing is left to train: 0 of 0 epochs are done. To train further, make a runner with a larger MaxEpochs.")];
        run.Logger.Ours.Should().Equal(epochs == 0 ? line : []);
    }

    [Theory]
    [InlineData(6, 1, 1, "1 2 3 4 5 6")]
    [InlineData(6, 1, 2, "2 4 6")]
    [InlineData(5, 1, 2, "2 4 5")]
    [InlineData(6, 4, 1, "4 5 6")]
    [InlineData(6, 3, 2, "4 6")]
    [InlineData(3, 5, 1, "")]
    public void Validation_follows_begin_and_interval_and_the_last_epoch(int epochs, int begin, int interval, string expected)
    {
        using TestRun run = new();
        RecordingHook hook = new();

        run.Train(
            run.WithValidation with
            {
                TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs, ValBegin = begin, ValInterval = interval },
                TrainDataloader = ToyDataset.Loader(2),
            },
            hook);

        IEnumerable<string> validations = hook.Numbers.Where(line => line.StartsWith("before_val ", StringComparison.Ordinal));
        string.Join(' ', validations.Select(line => line.Split(' ', '/')[1])).Should().Be(expected);
    }

    [Fact]
    public void The_model_trains_in_training_mode_and_validates_in_evaluation_mode_without_gradients()
    {
        using TestRun run = new();
        GradientHook hook = new();

        run.Train(run.WithValidation with { TrainDataloader = ToyDataset.Loader(2), ValDataloader = ToyDataset.Loader(2) }, hook);

        run.Model.Calls.Should().Equal(("loss", true), ("predict", false), ("loss", true), ("predict", false));
        hook.Enabled.Should().Equal(true, false, true, false);
    }

    [Fact]
    public void A_hook_can_stop_training_after_the_epoch()
    {
        using TestRun run = new();
        RecordingHook hook = new();

        Runner runner = run.Train(run.WithValidation with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 9 } }, hook, new StopHook());

        runner.Progress.Epoch.Should().Be(1);
        runner.Progress.Iter.Should().Be(2, "the epoch is finished");
        hook.Points.Should().Contain("before_val").And.EndWith(["after_train", "after_run"]);
    }

    [Fact]
    public void No_epoch_at_all_is_legal()
    {
        using TestRun run = new();
        RecordingHook hook = new();

        run.Train(run.Options with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 0 } }, hook);

        hook.Points.Should().Equal("before_run", "before_train", "after_train", "after_run");
    }

    [Theory]
    [InlineData(-1, 1, "options.MaxEpochs")]
    [InlineData(1, 0, "interval")]
    public void Numbers_out_of_range_are_refused(int epochs, int interval, string name)
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs, ValInterval = interval } });

        Action act = () => runner.Train();

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);
    }

    [Fact]
    public void The_loop_can_be_advanced_from_outside_and_two_of_them_in_turn_give_the_same_weights_as_alone()
    {
        using TestRun alone = new();
        alone.Train(Moving(alone));
        using TestRun first = new();
        using TestRun second = new();
        using IEnumerator<int> one = first.Make(Moving(first)).TrainIterations().GetEnumerator();
        using IEnumerator<int> two = second.Make(Moving(second)).TrainIterations().GetEnumerator();
        List<int> iterations = [];
        while (one.MoveNext() & two.MoveNext())
        {
            iterations.Add(one.Current);
        }

        iterations.Should().Equal(1, 2, 3, 4);
        float expected = alone.Model.Weight.item<float>();
        expected.Should().NotBe(1);
        first.Model.Weight.item<float>().Should().Be(expected);
        second.Model.Weight.item<float>().Should().Be(expected);
    }

    [Fact]
    public void A_stop_request_ends_training_in_mid_epoch_while_the_loader_still_stands_there()
    {
        using TestRun run = new();
        RecordingHook hook = new();
        RequestHook request = new(at: 2);

        Runner runner = run.Train(run.WithValidation with { TrainDataloader = new BatchLoader(new RampDataset(4)) }, hook, request);

        runner.Progress.Iter.Should().Be(2);
        runner.Progress.Epoch.Should().Be(0);
        hook.Points.Should().EndWith(["after_train_iter 1", "after_train", "after_run"]).And.NotContain("after_train_epoch").And.NotContain("before_val");
        request.Batches.Should().Be(2, "the loader's pass is not ended yet when hooks after training run");
    }

    [Fact]
    public void Another_loop_may_be_stopped_between_two_iterations_from_outside()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options);
        List<int> iterations = [];
        foreach (int iter in runner.TrainIterations())
        {
            iterations.Add(iter);
            runner.TrainLoop!.RequestStop();
        }

        iterations.Should().Equal(1);
    }

    [Fact]
    public void Progress_is_there_before_training()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options);
        TrainingProgress progress = runner.Progress;

        runner.Train();

        runner.Progress.Should().BeSameAs(progress);
        runner.TrainLoop!.Progress.Should().BeSameAs(progress);
        (progress.Epoch, progress.Iter, progress.BatchIndex, progress.Phase).Should().Be((2, runner.MaxIters, 0, TrainingPhase.Training));
    }

    [Fact]
    public void The_batch_index_counts_what_is_done_in_the_epoch_and_the_phase_says_what_comes_next()
    {
        using TestRun run = new();
        List<(int, TrainingPhase)> seen = [];
        Runner runner = run.Make(run.WithValidation with { TrainDataloader = new BatchLoader(new RampDataset(2)) });
        foreach (int _ in runner.TrainIterations())
        {
            seen.Add((runner.Progress.BatchIndex, runner.Progress.Phase));
        }

        seen[..3].Should().Equal((1, TrainingPhase.Training), (2, TrainingPhase.Training), (0, TrainingPhase.ValidationDue));
        runner.Progress.Phase.Should().Be(TrainingPhase.ValidationDone);
    }

    [Fact]
    public void Tensors_of_an_iteration_end_with_it()
    {
        using TestRun run = new();
        KeepingHook hook = new();

        run.Train(run.Options, hook);

        hook.Kept.Should().HaveCount(8).And.OnlyContain(tensor => tensor.IsInvalid);
        hook.WasAlive.Should().BeTrue();
    }

    [Fact]
    public void A_loop_of_ones_own_that_counts_no_iteration_is_told_after_its_first_epoch()
    {
        using TestRun run = new();

        Action train = () => run.Train(run.Options with { TrainCfg = new ForgetfulLoopOptions() });

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "ForgetfulLoop went over an epoch and counted no iteration, so schedules and the end of training stand still. Let its RunIter call FinishIter() at its end, "
            + "or base.RunIter.");
    }

    private static RunnerOptions Moving(TestRun run) => run.Options with { TrainDataloader = new BatchLoader(new TwosDataset()) };

    private sealed class GradientHook : Hook
    {
        public List<bool> Enabled { get; } = [];

        protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode) => Enabled.Add(is_grad_enabled());
    }

    private sealed class StopHook : Hook
    {
        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => runner.TrainLoop!.StopTraining = true;
    }

    private sealed class RequestHook(int at) : Hook
    {
        public long Batches { get; private set; }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            if (runner.Progress.Iter + 1 == at)
            {
                runner.TrainLoop!.RequestStop();
            }
        }

        public override void AfterTrain(Runner runner)
        {
            using DisposeScope scope = NewDisposeScope();
            Batches = (long)((PthInteger)runner.TrainLoop!.Dataloader.SaveState()["batches"]).Value;
        }
    }

    private sealed class KeepingHook : Hook
    {
        public List<Tensor> Kept { get; } = [];

        public bool WasAlive { get; private set; }

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            Kept.Add(arguments.Batch.Tensors[0]);
            Kept.Add(arguments.Outputs["loss"].Tensor!);
            WasAlive = !Kept[^1].IsInvalid && !Kept[^2].IsInvalid;
        }
    }

    private sealed class ForgetfulLoop(Runner runner) : EpochBasedTrainLoop(runner, new() { MaxEpochs = 2 })
    {
        protected override void RunIter(int batchIndex, DataBatch batch)
        {
            using (batch)
            {
                Model.TrainStep(batch, Runner.OptimWrapper);
            }
        }
    }

    private sealed record ForgetfulLoopOptions : TrainLoopOptions
    {
        public override TrainLoop Build(Runner runner) => new ForgetfulLoop(runner);
    }
}
