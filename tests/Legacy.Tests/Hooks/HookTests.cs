using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;
using Compat.TestSupport.Toy;

namespace Compat.Legacy.Tests.Hooks;

public sealed class HookTests
{
    [Fact]
    public void A_hook_that_overrides_nothing_is_called_nowhere() => new Nothing().GetTriggeredStages().Should().BeEmpty();

    [Fact]
    public void General_methods_stand_for_training_and_validation() => new General().GetTriggeredStages().Should().Equal(
        HookStage.BeforeTrainEpoch,
        HookStage.BeforeTrainIter,
        HookStage.AfterTrainIter,
        HookStage.AfterTrainEpoch,
        HookStage.BeforeValEpoch,
        HookStage.BeforeValIter,
        HookStage.AfterValIter,
        HookStage.AfterValEpoch);

    [Fact]
    public void Methods_that_share_a_stages_name_without_overriding_it_are_no_stages()
    {
        new Namesakes().GetTriggeredStages().Should().Equal(HookStage.AfterRun);
        new HidingAgain().GetTriggeredStages().Should().Equal(HookStage.AfterRun);
    }

    [Theory]
    [InlineData(HookStage.BeforeTrainEpoch, "BeforeEpoch")]
    [InlineData(HookStage.BeforeTrainIter, "BeforeIter")]
    [InlineData(HookStage.AfterTrainIter, "AfterIter")]
    [InlineData(HookStage.AfterTrainEpoch, "AfterEpoch")]
    [InlineData(HookStage.BeforeValEpoch, "BeforeEpoch")]
    [InlineData(HookStage.BeforeValIter, "BeforeIter")]
    [InlineData(HookStage.AfterValIter, "AfterIter")]
    [InlineData(HookStage.AfterValEpoch, "AfterEpoch")]
    [InlineData(HookStage.BeforeEpoch, "BeforeEpoch")]
    [InlineData(HookStage.AfterEpoch, "AfterEpoch")]
    public void A_point_calls_its_general_method(HookStage stage, string method)
    {
        using StubRunner runner = new();
        General hook = new();

        hook.Call(stage, runner);

        hook.Calls.Should().Equal(method);
    }

    [Fact]
    public void The_method_for_training_replaces_the_general_one_there_only()
    {
        using StubRunner runner = new();
        Special hook = new();

        hook.Call(HookStage.BeforeTrainEpoch, runner);
        hook.Call(HookStage.BeforeValEpoch, runner);

        hook.Calls.Should().Equal("BeforeTrainEpoch", "BeforeEpoch");
    }

    [Fact]
    public void A_stage_that_does_not_exist_is_refused()
    {
        using StubRunner runner = new();

        Action call = () => new Nothing().Call((HookStage)99, runner);

        call.Should().Throw<ArgumentOutOfRangeException>().WithMessage("There is no hook stage 99.*");
    }

    [Theory]
    [InlineData(2, 3, true)]
    [InlineData(1, 3, false)]
    [InlineData(5, 3, true)]
    [InlineData(0, 1, true)]
    [InlineData(2, 0, false)]
    [InlineData(2, -1, false)]
    public void Every_n_counts_from_one_and_never_for_n_below_one(int counter, int n, bool expected)
    {
        using StubRunner runner = new();
        runner.Now.Epoch = counter;
        Nothing.IsNthEpoch(runner, n).Should().Be(expected);
        (runner.Now.Epoch, runner.Now.InnerIter) = (-1, counter);
        Nothing.IsNthInnerIter(runner, n).Should().Be(expected);
        (runner.Now.InnerIter, runner.Now.Iter) = (-1, counter);
        Nothing.IsNthIter(runner, n).Should().Be(expected);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void The_end_of_an_epoch_is_its_last_batch(int innerIter, bool expected)
    {
        using StubRunner runner = new();
        runner.Now.DataLoader = ToyDataset.Loader(6);
        runner.Now.InnerIter = innerIter;

        Nothing.IsEndOfEpoch(runner).Should().Be(expected);
    }

    [Theory]
    [InlineData(3, 4, true)]
    [InlineData(2, 4, false)]
    [InlineData(3, null, false)]
    public void The_last_epoch_and_iteration_are_those_before_the_limit(int counter, int? limit, bool expected)
    {
        using StubRunner runner = new();
        (runner.Now.Epoch, runner.Now.MaxEpochs) = (counter, limit);
        Nothing.IsTheLastEpoch(runner).Should().Be(expected);
        Nothing.IsTheLastIter(runner).Should().BeFalse();
        (runner.Now.Iter, runner.Now.MaxIters, runner.Now.MaxEpochs) = (counter, limit, null);
        Nothing.IsTheLastIter(runner).Should().Be(expected);
        Nothing.IsTheLastEpoch(runner).Should().BeFalse();
    }

    private sealed class Nothing : Hook
    {
        public static bool IsNthEpoch(BaseRunner runner, int n) => EveryNEpochs(runner, n);

        public static bool IsNthInnerIter(BaseRunner runner, int n) => EveryNInnerIters(runner, n);

        public static bool IsNthIter(BaseRunner runner, int n) => EveryNIters(runner, n);

        public static bool IsEndOfEpoch(BaseRunner runner) => EndOfEpoch(runner);

        public static bool IsTheLastEpoch(BaseRunner runner) => IsLastEpoch(runner);

        public static bool IsTheLastIter(BaseRunner runner) => IsLastIter(runner);
    }

    private sealed class General : Hook
    {
        public List<string> Calls { get; } = [];

        public override void BeforeEpoch(BaseRunner runner) => Calls.Add(nameof(BeforeEpoch));

        public override void AfterEpoch(BaseRunner runner) => Calls.Add(nameof(AfterEpoch));

        public override void BeforeIter(BaseRunner runner) => Calls.Add(nameof(BeforeIter));

        public override void AfterIter(BaseRunner runner) => Calls.Add(nameof(AfterIter));
    }

    private class Namesakes : Hook
    {
        public int Times { get; private set; }

        public void AfterTrainIter(int times) => Times = times;

        public new void BeforeIter(BaseRunner runner) => Times++;

        public override void AfterRun(BaseRunner runner) => Times++;
    }

    private sealed class HidingAgain : Namesakes
    {
        public new void AfterRun(BaseRunner runner) => BeforeIter(runner);
    }

    private sealed class Special : Hook
    {
        public List<string> Calls { get; } = [];

        public override void BeforeEpoch(BaseRunner runner) => Calls.Add(nameof(BeforeEpoch));

        public override void BeforeTrainEpoch(BaseRunner runner) => Calls.Add(nameof(BeforeTrainEpoch));
    }
}
