using Compat.Adapters.Runners;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Optim;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Compat.Benchmarks.Ways;

/// <summary>Makes every way to train a model, with default hooks and a text line every 50 iterations.</summary>
/// <param name="logger">Where log lines go.</param>
/// <param name="workDir">The folder of the runners.</param>
/// <param name="iterations">How many iterations each way can run; all of them are one epoch.</param>
internal sealed class WayFactory(ILogger logger, string workDir, int iterations)
{
    private const int LogInterval = 50;

    public static IReadOnlyList<string> Names { get; } = ["forward_backward", "floor", "hand_written", "legacy", "migrating", "engine"];

    /// <summary>Makes all ways, or one alone.</summary>
    public IReadOnlyList<Way> Make(BenchmarkModel model, string? only) =>
        [.. Names.Where(name => only is null || only == name).Select(name => MakeOne(model, name))];

    private Way MakeOne(BenchmarkModel model, string name) => name switch
    {
        "forward_backward" => new BareWay(model),
        "floor" => new FloorWay(model),
        "hand_written" => new HandWrittenWay(model),
        "legacy" => Legacy(model),
        "migrating" => Migrating(model),
        _ => Engine(model),
    };

    private RunnerWay Legacy(BenchmarkModel model)
    {
        (EpochBasedRunner runner, BenchmarkDataset data, optim.Optimizer optimizer) = LegacyRunner(model);
        return new("legacy", runner.RunIterations([data.Loader()], [("train", 1)]), runner, optimizer, data);
    }

    private RunnerWay Migrating(BenchmarkModel model)
    {
        (EpochBasedRunner runner, BenchmarkDataset data, optim.Optimizer optimizer) = LegacyRunner(model);
        Compat.Engine.Runner engine = runner.AsEngine([data.Loader()], [("train", 1)]);
        return new("migrating", engine.TrainIterations(), engine, runner, optimizer, data);
    }

    private RunnerWay Engine(BenchmarkModel model)
    {
        BenchmarkDataset data = new(model, iterations);
        Compat.Engine.Runner runner = new(new()
        {
            Model = new EngineBenchmarkModel(model.Network()),
            WorkDir = workDir,
            Device = model.Device,
            TrainDataloader = data.Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedAdamWOptions { Lr = 1e-3 } },
            DefaultHooks = new DefaultHooks { Logger = new LoggerHookOptions { Interval = LogInterval } },
            Logger = logger,
        });
        return new("engine", runner.TrainIterations(), runner, data);
    }

    private (EpochBasedRunner Runner, BenchmarkDataset Data, optim.Optimizer Optimizer) LegacyRunner(BenchmarkModel model)
    {
        LegacyBenchmarkModel legacyModel = new(model.Network());
        FusedAdamW optimizer = new(legacyModel.parameters(), new() { Lr = 1e-3 });
        EpochBasedRunner runner = new(legacyModel, new RunnerOptions { Optimizer = optimizer, Logger = logger, WorkDir = workDir, MaxEpochs = 1 });
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            OptimizerConfig = new OptimizerConfig(),
            LogConfig = new LogConfig { Interval = LogInterval },
        });
        return (runner, new BenchmarkDataset(model, iterations), optimizer);
    }
}
