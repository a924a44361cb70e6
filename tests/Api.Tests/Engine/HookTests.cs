using Compat.Api.Tests.Support;
using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;

namespace Compat.Api.Tests.Engine;

public sealed class HookTests
{
    [Fact]
    public void A_hook_of_ones_own_sees_the_outputs_of_training_and_validation_through_the_general_method()
    {
        using LineRun run = new();
        OutputsHook hook = new();
        using Runner runner = new(run.Options with
        {
            TrainDataloader = LineDataset.Loader(2),
            TrainCfg = new CyclingTrainLoopOptions(1, 1),
            ValDataloader = LineDataset.Loader(2),
            ValEvaluator = new(new MeanError()),
            CustomHooks = [hook],
        });

        runner.Train();

        hook.Seen.Should().Equal("Train 0 loss", "Val 0 PointBatch", "Val line/mae line/count");
    }

    private sealed class OutputsHook : Hook
    {
        public List<string> Seen { get; } = [];

        protected override void AfterIter(Runner runner, AfterIterArguments arguments, LoopMode mode) => Seen.Add(
            $"{mode} {arguments.BatchIndex} {(arguments.Outputs is { } outputs ? string.Join(' ', outputs.Names) : arguments.ValOutputs!.Predictions!.GetType().Name)}");

        protected override void AfterEpoch(Runner runner, AfterEpochArguments arguments, LoopMode mode)
        {
            if (arguments.Metrics is { } metrics)
            {
                Seen.Add($"{mode} {string.Join(' ', metrics.Keys)}");
            }
        }
    }
}
