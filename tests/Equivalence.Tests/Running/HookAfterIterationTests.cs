using Compat.Adapters.Hooks;
using Compat.Adapters.Models;
using Compat.Adapters.Runners;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

/// <summary>A legacy hook that overrides nothing before an iteration still sees each iteration's own outputs.</summary>
public sealed class HookAfterIterationTests
{
    [Fact]
    public void It_sees_the_same_on_the_engine_as_on_the_legacy_runner()
    {
        IReadOnlyList<string> legacy = Run((runner, loaders, workflow) => runner.Run(loaders, workflow));
        IReadOnlyList<string> migrating = Run((runner, loaders, workflow) => runner.AsEngine(loaders, workflow).Train());

        legacy.Should().HaveCount(50).And.OnlyHaveUniqueItems();
        migrating.Should().Equal(legacy);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_sees_the_same_on_a_native_runner_with_an_old_or_a_ported_model(bool isPorted)
    {
        using TemporaryFolder folder = new();
        LossRecorder recorder = new();
        using BaseModel model = isPorted ? new EngineToyModel(sums: true) : new LegacyToyModel().AsEngine();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = ToyDataset.Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            DefaultHooks = new DefaultHooks { Logger = null },
            CustomHooks = [recorder.AsEngine()],
            Logger = new ListLogger(),
        });
        runner.Train();

        recorder.Seen.Should().Equal(Run((legacy, loaders, workflow) => legacy.Run(loaders, workflow)));
    }

    private static List<string> Run(Action<EpochBasedRunner, BatchLoader[], WorkflowStep[]> run)
    {
        using LegacyToyModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.01 });
        LossRecorder recorder = new();
        using EpochBasedRunner runner = new(model, new() { Optimizer = optimizer, Logger = new ListLogger(), MaxEpochs = 2 });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = new OptimizerConfig(), TimerConfig = null, CustomHooks = [recorder] });
        run(runner, [ToyDataset.Loader()], [("train", 1)]);
        return recorder.Seen;
    }
}
