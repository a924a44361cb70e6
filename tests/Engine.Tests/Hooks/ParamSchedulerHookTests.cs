using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Hooks;

public sealed class ParamSchedulerHookTests
{
    [Theory]
    [InlineData(ScheduleUnit.Epoch, 2)]
    [InlineData(ScheduleUnit.Iteration, 1)]
    [InlineData(ScheduleUnit.Update, 1)]
    public void A_schedule_is_stepped_by_its_unit(ScheduleUnit unit, int full)
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { ParamSchedulers = [new MultiStepLrOptions { Milestones = [1], Unit = unit }] });

        HistoryBuffer rates = runner.MessageHub.GetScalar("train/lr");
        rates.Count.Should().Be(4);
        rates.Mean().Should().BeApproximately(((0.1 * full) + (0.01 * (4 - full))) / 4, 1e-12);
        runner.ParamSchedulers.Should().ContainSingle().Which.GlobalStep.Should().Be(unit == ScheduleUnit.Epoch ? 2 : 4);
    }

    // MMEngine, with the same 4 iterations in one epoch, or the same 4 epochs: 0.0007000000000000001 and, with end=10**9, 7.000000000000001e-05.
    [Theory]
    [InlineData(ScheduleUnit.Iteration, 2, null, 0.0007000000000000001)]
    [InlineData(ScheduleUnit.Iteration, 2, ParamScheduler.Unlimited, 7.000000000000001e-05)]
    [InlineData(ScheduleUnit.Epoch, 4, null, 0.0007000000000000001)]
    [InlineData(ScheduleUnit.Epoch, 4, ParamScheduler.Unlimited, 7.000000000000001e-05)]
    [InlineData(ScheduleUnit.Update, 2, null, 7.000000000000001e-05)]
    public void An_end_that_is_left_out_is_that_of_the_training(ScheduleUnit unit, int epochs, int? end, double last)
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with
        {
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.07 } },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [1, 3, 4], Unit = unit, End = end }],
        });

        runner.OptimWrapper.ParamGroups[0].Lr.Should().BeApproximately(last, 1e-18);
    }

    [Fact]
    public void A_schedule_that_begins_after_the_training_is_refused()
    {
        using TestRun run = new();
        Action act = () => run.Train(run.Options with { ParamSchedulers = [new MultiStepLrOptions { Milestones = [1], Begin = 3 }] });

        act.Should().Throw<ArgumentException>().WithMessage("The schedule of 'lr' has End 2 and Begin 3; End must be larger. *");
    }

    [Fact]
    public void With_accumulation_a_schedule_by_update_counts_windows_and_the_shorter_last_one()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with
        {
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 1 }, AccumulativeCounts = 3 },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [1, 2], Gamma = 0.5, Unit = ScheduleUnit.Update }],
        });

        runner.OptimWrapper.UpdateCount.Should().Be(2);
        runner.OptimWrapper.ParamGroups[0].Lr.Should().Be(0.25);
        runner.MessageHub.GetScalar("train/lr").Max().Should().Be(1);
        runner.MessageHub.GetScalar("train/lr").Min().Should().Be(0.5, "the last iteration still has the rate of the second window");
    }

    [Fact]
    public void A_schedule_by_update_of_one_of_several_optimizers_counts_the_updates_of_its_own()
    {
        using TestRun run = new();
        using TestModel other = new();

        Runner runner = run.Train(run.Options with
        {
            OptimWrapper = new PairOptions(other),
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [2], Gamma = 0.5, Unit = ScheduleUnit.Update }],
        });

        runner.OptimWrapper.UpdateCount.Should().Be(0, "the pair counts nothing itself");
        runner.ParamSchedulers.Select(scheduler => (scheduler.Optimizer, scheduler.GlobalStep)).Should().Equal(("first", 4), ("second", 2));
        runner.OptimWrapper.Members.Values.Select(member => member.UpdateCount).Should().Equal(4, 2);
    }

    [Fact]
    public void The_runner_knows_how_long_an_epoch_is()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { ParamSchedulers = [new MultiStepLrOptions { Milestones = [1], ConvertToIterBased = true }] });

        ParamScheduler scheduler = runner.ParamSchedulers.Should().ContainSingle().Subject;
        (scheduler.Unit, scheduler.End, scheduler.GlobalStep).Should().Be((ScheduleUnit.Iteration, 4, 4));
        scheduler.Wrapper.Should().BeSameAs(runner.OptimWrapper);
        runner.OptimWrapper.ParamGroups[0].Lr.Should().BeApproximately(0.01, 1e-12);
    }

    [Fact]
    public void A_rule_that_looks_at_a_metric_sees_each_validation()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.WithValidation with
        {
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 3 },
            ParamSchedulers = [new PlateauOptions("mAP") { End = ParamScheduler.Unlimited }],
        });

        (runner.ParamSchedulers[0].GlobalStep, runner.ParamSchedulers[0].LastStep).Should().Be((3, 2));
        runner.OptimWrapper.ParamGroups[0].Lr.Should().BeApproximately(0.025, 1e-12, "the metric is 0.5 three times");
    }

    [Fact]
    public void Without_the_hook_the_rate_stays()
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with
        {
            ParamSchedulers = [new MultiStepLrOptions { Milestones = [1] }],
            DefaultHooks = new DefaultHooks { ParamScheduler = false },
        });

        runner.MessageHub.GetScalar("train/lr").Min().Should().Be(0.1);
    }

    [Fact]
    public void It_runs_after_the_logger() => new ParamSchedulerHook().Priority.Should().Be(HookPriority.Low);

    private sealed record PairOptions(TestModel Second) : BaseOptimWrapperOptions
    {
        public override BaseOptimWrapper Build(nn.Module model) => new PairWrapper(model, Second);
    }
}
