using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Schedulers;
using Compat.Torch.Optim;

namespace Compat.Api.Tests.Engine;

public sealed class SchedulerTests
{
    [Fact]
    public void A_schedule_of_ones_own_drives_the_rate_and_another_option()
    {
        using LineRun run = new();
        ValuesHook hook = new();
        using Runner runner = new(run.Options with
        {
            OptimWrapper = new Compat.Engine.Optim.OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.5, Momentum = 0.75 } },
            TrainDataloader = LineDataset.Loader(4),
            ParamSchedulers =
            [
                new SawtoothOptions(OptimizerOption.Lr, 0.5) { Unit = ScheduleUnit.Iteration },
                new SawtoothOptions(OptimizerOption.Momentum, 0.25) { Unit = ScheduleUnit.Epoch },
            ],
            CustomHooks = [hook],
        });

        runner.Train();

        hook.Seen.Should().Equal((0.5, 0.75), (0.25, 0.75), (0.5, 0.1875), (0.25, 0.1875));
    }

    private sealed class ValuesHook : Hook
    {
        public List<(double, double?)> Seen { get; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) =>
            Seen.Add((runner.OptimWrapper.ParamGroups[0].Lr, runner.OptimWrapper.ParamGroups[0].Momentum));
    }
}
