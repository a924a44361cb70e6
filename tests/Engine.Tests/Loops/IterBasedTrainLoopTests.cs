using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Loops;

public sealed class IterBasedTrainLoopTests
{
    [Fact]
    public void The_whole_training_is_one_epoch_to_hooks()
    {
        using TestRun run = new();
        RecordingHook hook = new();

        Runner runner = run.Train(run.WithValidation with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 3, ValInterval = 2 }, ValDataloader = ToyDataset.Loader(2) }, hook);

        hook.Points.Should().Equal(
            "before_run", "before_train", "before_train_epoch",
            "before_train_iter 0", "after_train_iter 0", "before_train_iter 1", "after_train_iter 1",
            "before_val", "before_val_epoch", "before_val_iter 0", "after_val_iter 0", "after_val_epoch 0.5", "after_val",
            "before_train_iter 2", "after_train_iter 2",
            "before_val", "before_val_epoch", "before_val_iter 0", "after_val_iter 0", "after_val_epoch 0.5", "after_val",
            "after_train_epoch", "after_train", "after_run");
        (runner.MaxEpochs, runner.MaxIters, runner.Progress.Epoch, runner.Progress.Iter).Should().Be((1, 3, 0, 3));
    }

    [Fact]
    public void The_defaults_are_those_of_the_original()
    {
        IterBasedTrainLoopOptions options = new() { MaxIters = 1 };

        (options.ValBegin, options.ValInterval, options.DynamicIntervals).Should().Be((1, 1000, null));
    }

    [Fact]
    public void The_model_is_switched_back_to_training_mode_after_each_validation()
    {
        using TestRun run = new();

        run.Train(run.WithValidation with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 2, ValInterval = 1 }, ValDataloader = ToyDataset.Loader(2) });

        run.Model.Calls.Should().Equal(("loss", true), ("predict", false), ("loss", true), ("predict", false));
    }

    [Fact]
    public void An_endless_sampler_needs_no_new_pass_and_no_warning()
    {
        RampDataset dataset = new(3);
        using TestRun run = new();

        run.Train(run.Options with
        {
            TrainDataloader = new BatchLoader(dataset, new() { Sampler = new InfiniteSampler(dataset, seed: 1) }),
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 7 },
        });

        LoopCallsGoldenTests.LoopWarnings(run).Should().BeEmpty();
    }

    [Theory]
    [InlineData(-1, 1, "options.MaxIters")]
    [InlineData(1, 0, "interval")]
    public void Numbers_out_of_range_are_refused(int iterations, int interval, string name)
    {
        using TestRun run = new();
        Runner runner = run.Make(run.Options with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = iterations, ValInterval = interval } });

        runner.Invoking(one => one.Train()).Should().Throw<ArgumentOutOfRangeException>().WithParameterName(name);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_training_with_nothing_left_says_so(int iterations)
    {
        using TestRun run = new();

        run.Train(run.Options with { TrainCfg = new IterBasedTrainLoopOptions { MaxIters = iterations } });

        (int, string)[] line = [(9041, "Nothing is left to train: 0 of 0 iterations are done. To train further, make a runner with a larger MaxIters.")];
        run.Logger.Ours.Should().Equal(iterations == 0 ? line : []);
    }

    [Fact]
    public void A_loop_of_ones_own_that_counts_no_iteration_is_told_after_the_first_one()
    {
        using TestRun run = new();

        Action train = () => run.Train(run.Options with { TrainCfg = new ForgetfulLoopOptions() });

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "ForgetfulLoop trained on a batch and did not count the iteration, so training would never end. Let its RunIter call FinishIter() at its end, or base.RunIter.");
    }

    [Fact]
    public void A_sampler_that_gives_nothing_in_a_pass_is_named()
    {
        using TestRun run = new();

        Action train = () => run.Train(run.Options with
        {
            TrainDataloader = new BatchLoader(new RampDataset(2), new() { Sampler = new OnceSampler() }),
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 3 },
        });

        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The loader gave no batch in a whole pass, although its OnceSampler counts 2 samples. Let the sampler give as many indices as it counts.");
    }

    [Theory]
    [InlineData(true, 100, 4)]
    [InlineData(false, 100, 4)]
    [InlineData(false, 3, 3)]
    public void A_loss_that_nobody_looks_at_is_found_at_the_end_of_a_pass_or_of_training(bool endless, int iterations, int found)
    {
        RampDataset dataset = new(4);
        using TestRun run = new() { Model = new TestModel { Losses = (iteration, loss) => new LossDict { ["loss"] = iteration == 1 ? loss * float.NaN : loss } } };
        Runner runner = run.Make(run.Options with
        {
            TrainDataloader = new BatchLoader(dataset, new() { Sampler = endless ? new InfiniteSampler(dataset, seed: 1) : null }),
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = iterations },
            DefaultHooks = new DefaultHooks { Logger = null },
        });

        runner.Invoking(one => one.Train()).Should().Throw<NonFiniteLossException>();
        runner.Progress.Iter.Should().Be(found);
    }

    [Fact]
    public void Each_iteration_is_handed_out_those_of_validations_too()
    {
        using TestRun run = new();
        Runner runner = run.Make(run.WithValidation with
        {
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 3, ValInterval = 2 },
            ValDataloader = ToyDataset.Loader(4),
        });

        runner.TrainIterations().Should().HaveCount(3 + (2 * 2), "a validation is due after two iterations and at the end, of two batches each");
    }

    [Fact]
    public void Live_tensors_do_not_grow_from_pass_to_pass()
    {
        using TestRun run = new();
        CountHook hook = new();

        run.Train(run.Options with { TrainDataloader = new BatchLoader(new RampDataset(5)), TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 200 } }, hook);

        hook.Counts[199].Should().Be(hook.Counts[19]);
    }

    [Fact]
    public void The_loader_can_be_used_again_after_training_was_broken_off()
    {
        using TestRun run = new();
        using BatchLoader loader = new(new RampDataset(4));
        Runner runner = run.Make(run.Options with { TrainDataloader = loader, TrainCfg = new IterBasedTrainLoopOptions { MaxIters = 9 } });

        runner.TrainIterations().Take(2).Last().Should().Be(2);

        using DisposeScope scope = NewDisposeScope();
        ((Compat.Torch.Serialization.PthInteger)loader.SaveState()["batches"]).Value.Should().Be(0, "the pass has ended with the training");
    }

    private sealed class CountHook : Hook
    {
        public List<long> Counts { get; } = [];

        public override HookPriority Priority => HookPriority.Lowest;

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Counts.Add(LiveTensors.Settled());
    }

    private sealed class ForgetfulLoop(Runner runner) : IterBasedTrainLoop(runner, new() { MaxIters = 2 })
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

    private sealed class OnceSampler : Sampler
    {
        private bool isOver;

        public override int Count => 2;

        protected override IEnumerable<int> Order()
        {
            int[] order = isOver ? [] : [0, 1];
            isOver = true;
            return order;
        }
    }
}
