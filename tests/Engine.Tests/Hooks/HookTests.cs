using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Hooks;

public sealed class HookTests
{
    [Fact]
    public void A_hook_that_says_nothing_is_normal_has_the_name_of_its_type_and_is_called_nowhere()
    {
        Silent hook = new();

        hook.Priority.Should().Be(HookPriority.Normal);
        hook.Name.Should().Be("Silent");
        hook.TriggeredPoints.Should().BeEmpty();
    }

    [Fact]
    public void The_points_are_those_that_the_type_overrides_and_a_general_method_stands_for_several()
    {
        new ParamSchedulerHook().TriggeredPoints.Should().Equal(HookPoint.AfterTrainIter, HookPoint.AfterTrainEpoch, HookPoint.AfterValEpoch);
        new General().TriggeredPoints.Should().Equal(
            HookPoint.BeforeTrainEpoch, HookPoint.BeforeTrainIter, HookPoint.AfterTrainIter, HookPoint.AfterTrainEpoch, HookPoint.BeforeValEpoch,
            HookPoint.BeforeValIter, HookPoint.AfterValIter, HookPoint.AfterValEpoch, HookPoint.BeforeTestEpoch, HookPoint.BeforeTestIter, HookPoint.AfterTestIter,
            HookPoint.AfterTestEpoch);
    }

    [Fact]
    public void General_methods_are_told_the_kind_of_loop_and_what_the_methods_for_that_kind_are_told()
    {
        using TestRun run = new();
        General hook = new();

        run.Train(run.WithValidation with { TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 }, TrainDataloader = ToyDataset.Loader(2) }, hook);

        hook.Calls.Should().Equal(
            "before epoch Train",
            "before iter Train 0 ToyBatch",
            "after iter Train 0 ToyBatch loss loss_fit none",
            "after epoch Train none",
            "before epoch Val",
            "before iter Val 0 ToyBatch",
            "after iter Val 0 ToyBatch none ScoreBatch",
            "before iter Val 1 ToyBatch",
            "after iter Val 1 ToyBatch none ScoreBatch",
            "after epoch Val mAP");
    }

    [Fact]
    public void Methods_that_share_a_points_name_without_overriding_it_are_no_points()
    {
        using TestRun run = new();
        Namesakes hook = new();

        run.Train(run.Options, hook);

        hook.TriggeredPoints.Should().Equal(HookPoint.AfterTrainEpoch);
        hook.Calls.Should().Equal("after train epoch", "after train epoch");
    }

    [Theory]
    [InlineData(2, 0, "1 3 5")]
    [InlineData(2, 1, "0 2 4")]
    [InlineData(3, 2, "1 4")]
    [InlineData(0, 0, "")]
    [InlineData(-1, 0, "")]
    [InlineData(100, 4, "3")]
    public void Every_n_counts_from_the_start_and_is_due_at_the_start_itself(int n, int start, string expected)
    {
        using TestRun run = new();
        Counting hook = new(n, start);

        run.Train(
            run.Options with { TrainDataloader = ToyDataset.Loader(2), TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 6 } }, hook);

        string.Join(' ', hook.Iters).Should().Be(expected);
        string.Join(' ', hook.Epochs).Should().Be(expected);
        hook.Last.Should().Equal("iter 5", "epoch 5");
    }

    [Fact]
    public void Positions_in_an_epoch_are_counted_from_one_for_intervals()
    {
        using TestRun run = new();
        Counting hook = new(2, 0);

        run.Train(run.Options with { TrainDataloader = ToyDataset.Loader(10), TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 } }, hook);

        hook.Inner.Should().Equal(1, 3);
        hook.Ends.Should().Equal(4);
    }

    private sealed class Silent : Hook;

    private sealed class General : Hook
    {
        public List<string> Calls { get; } = [];

        protected override void BeforeEpoch(Runner runner, LoopMode mode) => Calls.Add($"before epoch {mode}");

        protected override void AfterEpoch(Runner runner, AfterEpochArguments arguments, LoopMode mode) =>
            Calls.Add($"after epoch {mode} {string.Join(' ', arguments.Metrics?.Keys ?? ["none"])}");

        protected override void BeforeIter(Runner runner, BeforeIterArguments arguments, LoopMode mode) =>
            Calls.Add($"before iter {mode} {arguments.BatchIndex} {arguments.Batch.GetType().Name}");

        protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode) => Calls.Add(
            $"after iter {mode} {arguments.BatchIndex} {arguments.Batch.GetType().Name} "
            + $"{string.Join(' ', arguments.Outputs?.Names ?? ["none"])} {arguments.ValOutputs?.Predictions?.GetType().Name ?? "none"}");
    }

    private sealed class Namesakes : Hook
    {
        public List<string> Calls { get; } = [];

        public void AfterTrainIter(int times) => Calls.Add($"overload {times}");

        public new void BeforeTrain(Runner runner) => Calls.Add("hiding");

        public override void AfterTrainEpoch(Runner runner) => Calls.Add("after train epoch");
    }

    private sealed class Counting(int n, int start) : Hook
    {
        public List<int> Iters { get; } = [];

        public List<int> Epochs { get; } = [];

        public List<int> Inner { get; } = [];

        public List<int> Ends { get; } = [];

        public List<string> Last { get; } = [];

        public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
        {
            int iter = runner.Progress.Iter;
            AddIf(EveryNTrainIters(runner, n, start), Iters, iter);
            AddIf(EveryNInnerIters(arguments.BatchIndex, n), Inner, arguments.BatchIndex);
            AddIf(EndOfEpoch(runner.TrainLoop!.Dataloader, arguments.BatchIndex), Ends, arguments.BatchIndex);
            AddIf(IsLastTrainIter(runner), Last, $"iter {iter}");
        }

        public override void AfterTrainEpoch(Runner runner)
        {
            AddIf(EveryNEpochs(runner, n, start), Epochs, runner.Progress.Epoch);
            AddIf(IsLastTrainEpoch(runner), Last, $"epoch {runner.Progress.Epoch}");
        }

        private static void AddIf<T>(bool due, List<T> list, T value)
        {
            if (due)
            {
                list.Add(value);
            }
        }
    }
}
