using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Serialization;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Hooks;

public sealed class IterTimerHookTests
{
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public void Times_are_those_of_the_clock_and_the_rest_is_estimated_from_their_mean()
    {
        int step = 0;
        using TestRun run = new() { Model = new TestModel { OnStep = () => clock.Advance(TimeSpan.FromSeconds(++step)) } };
        EtaHook etas = new();

        Runner runner = run.Train(run.Options with { Time = clock, TrainDataloader = new BatchLoader(new SlowDataset(clock)) }, etas);

        runner.MessageHub.GetScalar("train/data_time").Mean().Should().BeApproximately(0.25, 1e-9);
        runner.MessageHub.GetScalar("train/time").Min().Should().BeApproximately(1.25, 1e-9, "loading and one second");
        runner.MessageHub.GetScalar("train/time").Max().Should().BeApproximately(4.25, 1e-9);
        etas.Values.Should().Equal(1.25 * 3, (1.25 + 2.25) / 2 * 2, (1.25 + 2.25 + 3.25) / 3, 0);
    }

    [Fact]
    public void The_estimate_of_a_validation_starts_anew_in_each_pass()
    {
        using TestRun run = new() { Model = new TestModel { OnStep = () => clock.Advance(TimeSpan.FromSeconds(2)) } };
        EtaHook etas = new(LoopMode.Val);

        run.Train(run.WithValidation with { Time = clock, ValDataloader = new BatchLoader(new SlowDataset(clock)) }, etas);

        etas.Values.Should().Equal(2.25, 0, 2.25, 0);
    }

    [Fact]
    public void The_times_of_a_validation_are_averaged_over_its_own_pass_and_the_last_entry_before_it()
    {
        int step = 0;
        using TestRun run = new() { Model = new TestModel { OnStep = () => clock.Advance(TimeSpan.FromSeconds(++step)) } };

        Runner runner = run.Train(
            run.WithValidation with { Time = clock, ValDataloader = new BatchLoader(new SlowDataset(clock)) }, new SlowEnd(clock));

        // Steps 1 and 2 train, 3 and 4 validate; 5 and 6 train, 7 and 8 validate. MMEngine averages over one entry more than the pass has: 4.25, 7.25 and 8.25.
        run.EpochLines.Where(line => line.StartsWith("Epoch(val)", StringComparison.Ordinal)).Should().Equal(
            "Epoch(val) [1][2/2]    mAP: 0.5000  data_time: 0.2500  time: 3.7500",
            "Epoch(val) [2][2/2]    mAP: 0.5000  data_time: 0.2500  time: 6.5833");
        runner.MessageHub.GetScalar("train/time").Mean().Should().BeApproximately((1 + 2 + 5 + 6) / 4.0, 1e-9);
        runner.MessageHub.GetScalar("train/data_time").Max().Should().Be(0);
    }

    [Fact]
    public void The_estimate_of_a_test_starts_anew_in_each_pass()
    {
        using TestRun run = new() { Model = new TestModel { OnStep = () => clock.Advance(TimeSpan.FromSeconds(2)) } };
        EtaHook etas = new(LoopMode.Test);
        Runner runner = run.Make(run.WithTest with { Time = clock, TestDataloader = new BatchLoader(new SlowDataset(clock)) }, etas);

        runner.Test();
        runner.Test();

        etas.Values.Should().Equal(2.25, 0, 2.25, 0);
        runner.MessageHub.GetScalar("test/data_time").Mean().Should().BeApproximately(0.25, 1e-9);
    }

    [Fact]
    public void After_a_resume_the_mean_is_that_of_the_iterations_since()
    {
        using TestRun run = new() { Model = new TestModel { OnStep = () => clock.Advance(TimeSpan.FromSeconds(1)) } };
        EtaHook etas = new();
        EpochBasedTrainLoopOptions three = new() { MaxEpochs = 3 };

        run.Train(run.Options with { Time = clock, TrainCfg = three, TrainDataloader = new BatchLoader(new SlowDataset(clock)) }, new SecondEpochHook(), etas);

        etas.Values.Should().Equal(1.25 * 3, 1.25 * 2, 1.25, 0);
    }

    [Fact]
    public void Time_between_two_epochs_belongs_to_neither()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { Time = clock }, new SlowEnd(clock));

        runner.MessageHub.GetScalar("train/time").Max().Should().Be(0);
        clock.GetUtcNow().Should().Be(clock.Start + TimeSpan.FromHours(2));
    }

    private sealed class SlowEnd(FakeTimeProvider clock) : Hook
    {
        public override void AfterTrainEpoch(Runner runner) => clock.Advance(TimeSpan.FromHours(1));
    }

    /// <summary>Goes on at the second epoch.</summary>
    private sealed class SecondEpochHook : Hook
    {
        public override HookPriority Priority => HookPriority.Highest;

        public override void BeforeTrain(Runner runner)
        {
            using DisposeScope scope = NewDisposeScope();
            PthDict state = runner.TrainLoop!.SaveState();
            (state["epoch"], state["iter"]) = (1, 2);
            runner.TrainLoop!.LoadState(state);
        }
    }

    private sealed class EtaHook(LoopMode wanted = LoopMode.Train) : Hook
    {
        public List<double> Values { get; } = [];

        protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode)
        {
            if (mode == wanted && runner.MessageHub.TryGetInfo("eta", out double eta))
            {
                Values.Add(Math.Round(eta, 9));
            }
        }
    }

    private sealed class SlowDataset(FakeTimeProvider clock) : Dataset
    {
        public override int Count => 2;

        public override DataBatch this[int index]
        {
            get
            {
                clock.Advance(TimeSpan.FromSeconds(0.25));
                return new ToyBatch(ones(1), ones(1));
            }
        }
    }
}
