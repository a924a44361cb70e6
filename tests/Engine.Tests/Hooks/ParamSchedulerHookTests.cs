using Compat.Engine.Hooks;
using Compat.Engine.Logging;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Hooks;

public sealed class ParamSchedulerHookTests
{
    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 1)]
    public void A_schedule_is_stepped_by_epoch_or_by_iteration(bool byEpoch, int full)
    {
        using TestRun run = new();

        Runner runner = run.Train(run.Options with { ParamSchedulers = [new MultiStepLrOptions { Milestones = [1], ByEpoch = byEpoch }] });

        HistoryBuffer rates = runner.MessageHub.GetScalar("train/lr");
        rates.Count.Should().Be(4);
        rates.Mean().Should().BeApproximately(((0.1 * full) + (0.01 * (4 - full))) / 4, 1e-12);
        runner.ParamSchedulers.Should().ContainSingle().Which.LastStep.Should().Be(byEpoch ? 2 : 4);
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
}
