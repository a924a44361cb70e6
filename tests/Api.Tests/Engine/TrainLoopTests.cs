using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

public sealed class TrainLoopTests
{
    [Fact]
    public void A_loop_of_ones_own_trains_counts_validates_and_calls_hooks()
    {
        using LineRun run = new();
        PointsHook hook = new();
        using Runner runner = new(run.Options with
        {
            TrainCfg = new CyclingTrainLoopOptions(MaxIters: 6, ValInterval: 4),
            ValDataloader = LineDataset.Loader(2),
            ValEvaluator = new(new MeanError()),
            CustomHooks = [hook],
        });

        runner.Train();

        hook.Points.Should().Equal(
            "train", "epoch", "iter 0", "iter 1", "iter 2", "iter 3", "val 4", "iter 4", "iter 5", "val 6", "epoch end", "train end");
        (runner.Progress.Epoch, runner.Progress.Iter).Should().Be((1, 6));
        run.Model.Weight.Should().NotBe(0);
    }

    [Fact]
    public void The_loop_by_iteration_may_be_derived_from()
    {
        using LineRun run = new();
        PointsHook hook = new();
        List<int> trained = [];
        using Runner runner = new(run.Options with
        {
            TrainCfg = new WarmIterLoopOptions(new IterBasedTrainLoopOptions { MaxIters = 5, ValInterval = 2, DynamicIntervals = [(Milestone: 3, Interval: 4)] }, trained),
            ValDataloader = LineDataset.Loader(2),
            ValEvaluator = new(new MeanError()),
            CustomHooks = [hook],
        });

        runner.Train();

        hook.Points.Should().Equal(
            "train", "val 0", "epoch", "iter 0", "iter 1", "iter 2", "val 3", "iter 3", "val 4", "iter 4", "val 5", "epoch end", "train end");
        trained.Should().Equal(0, 1, 2, 3, 4);
        ((IterBasedTrainLoop)runner.TrainLoop!).Validation.At(3).Should().Be(4);
    }

    [Fact]
    public void Its_state_is_saved_and_loaded()
    {
        using DisposeScope scope = NewDisposeScope();
        using LineRun first = new();
        using LineRun second = new();
        using Runner runner = new(first.Options with { TrainCfg = new CyclingTrainLoopOptions(6, 9) });
        using IEnumerator<int> training = runner.TrainIterations().GetEnumerator();
        training.MoveNext();
        training.MoveNext();
        PthDict state = runner.TrainLoop!.SaveState();
        PointsHook points = new();
        using Runner resumed = new(second.Options with
        {
            TrainCfg = new CyclingTrainLoopOptions(6, 9),
            CustomHooks = [new LoadHook(state), points],
        });

        resumed.Train();

        points.Points.Should().Equal("train", "epoch", "iter 2", "iter 3", "iter 4", "iter 5", "epoch end", "train end");
    }

    [Theory]
    [InlineData(int.MaxValue, "end 29")]
    [InlineData(2, "end 23")]
    public void A_loop_begins_where_it_is_moved_to_and_takes_down_what_it_set_up(int taken, string end)
    {
        using LineRun run = new();
        PointsHook hook = new();
        List<string> calls = hook.Points;
        TrainingPosition start = new(Epoch: 1, Iter: 21, BatchIndex: 0);
        using Runner runner = new(run.Options with { TrainCfg = new SurroundedTrainLoopOptions(start, calls), CustomHooks = [hook] });

        int[] iterations = [.. runner.TrainIterations().Take(taken)];

        iterations[0].Should().Be(22);
        calls.Take(4).Should().Equal("begin", "train", "epoch", "iter 21");
        calls[^1].Should().Be(end);
    }

    private sealed class PointsHook : Hook
    {
        public List<string> Points { get; } = [];

        public override void BeforeTrain(Runner runner) => Points.Add("train");

        public override void BeforeTrainEpoch(Runner runner) => Points.Add("epoch");

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) => Points.Add($"iter {runner.Progress.Iter}");

        public override void BeforeVal(Runner runner) => Points.Add($"val {runner.Progress.Iter}");

        public override void AfterTrainEpoch(Runner runner) => Points.Add("epoch end");

        public override void AfterTrain(Runner runner) => Points.Add("train end");
    }

    private sealed class LoadHook(PthDict state) : Hook
    {
        public override void BeforeTrain(Runner runner) => runner.TrainLoop!.LoadState(state);
    }
}
