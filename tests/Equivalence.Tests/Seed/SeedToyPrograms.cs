using Compat.Adapters.Equivalence;
using Compat.Adapters.Runners;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>The programs of the seed document, and the faithful port of the first one.</summary>
internal static class SeedToyPrograms
{
    public static SeedToyRun Run(string program) => program switch
    {
        "legacy" => Legacy((runner, loaders, workflow) => runner.Run(loaders, workflow)),
        "migrating" => Legacy((runner, loaders, workflow) => runner.AsEngine(loaders, workflow).Train()),
        "doc" => Engine(sums: false, schedule: []),
        "faithful" => Engine(sums: true, schedule: [new MultiStepLrOptions { Milestones = [2, 3] }]),
        _ => throw new ArgumentException($"There is no program '{program}'.", nameof(program)),
    };

    private static SeedToyRun Legacy(Action<EpochBasedRunner, BatchLoader[], WorkflowStep[]> run)
    {
        using LegacyToyModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        ListLogger logger = new();
        TraceRecorder recorder = new("legacy");
        using EpochBasedRunner runner = new(model, new RunnerOptions { Optimizer = optimizer, Logger = logger, MaxEpochs = 5 });
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = new StepLrConfig { Step = [2, 3] },
            OptimizerConfig = new OptimizerConfig(),
            LogConfig = new LogConfig { Interval = 10 },
        });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        run(runner, [ToyDataset.Loader()], [("train", 1)]);
        logger.DoubtsAboutTraining.Should().BeEmpty();
        return new(recorder.Trace, logger.Lines);
    }

    private static SeedToyRun Engine(bool sums, IReadOnlyList<ParamSchedulerOptions> schedule)
    {
        using TemporaryFolder folder = new();
        using EngineToyModel model = new(sums);
        ListLogger logger = new();
        TraceRecorder recorder = new("engine");
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            TrainDataloader = ToyDataset.Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 5 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
            ParamSchedulers = schedule,
            CustomHooks = [new EngineTraceHook(recorder)],
            Logger = logger,
        });
        runner.Train();
        logger.DoubtsAboutTraining.Should().BeEmpty();
        return new(recorder.Trace, logger.Lines);
    }
}
