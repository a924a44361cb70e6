using Compat.Adapters.Equivalence;
using Compat.Adapters.Runners;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

/// <summary>A small training with dropout, in one of the three ways, that can be advanced step by step.</summary>
internal sealed class TestRun : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<IDisposable> owned = [];

    public TestRun(string way, int epochs, bool recorded = true, int accumulate = 1)
    {
        TorchSeed.Set(0);
        Recorder = new TraceRecorder(way);
        Iterations = way == "engine" ? Engine(epochs, recorded, accumulate) : Legacy(way, epochs, recorded, accumulate);
    }

    public ListLogger Logger { get; } = new();

    public TraceRecorder Recorder { get; }

    public IEnumerable<int> Iterations { get; }

    public void Dispose()
    {
        owned.Reverse();
        owned.ForEach(item => item.Dispose());
        folder.Dispose();
    }

    private IEnumerable<int> Engine(int epochs, bool recorded, int accumulate)
    {
        DropoutModels.ForEngine model = Own(new DropoutModels.ForEngine());
        Compat.Engine.Runner runner = Own(new Compat.Engine.Runner(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = ToyDataset.Loader(40),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.005, Momentum = 0.9 }, AccumulativeCounts = accumulate },
            CustomHooks = recorded ? [new EngineTraceHook(Recorder)] : [],
            Logger = Logger,
        }));
        return runner.TrainIterations();
    }

    private IEnumerable<int> Legacy(string way, int epochs, bool recorded, int accumulate)
    {
        DropoutModels.ForLegacy model = Own(new DropoutModels.ForLegacy());
        FusedSgd optimizer = Own(new FusedSgd(model.parameters(), new() { Lr = 0.005, Momentum = 0.9 }));
        EpochBasedRunner runner = Own(new EpochBasedRunner(model, new() { Optimizer = optimizer, Logger = Logger, MaxEpochs = epochs }));
        OptimizerConfig update = accumulate == 1 ? new OptimizerConfig() : new GradientCumulativeOptimizerConfig { CumulativeIters = accumulate };
        runner.RegisterTrainingHooks(new() { OptimizerConfig = update, LogConfig = new LogConfig { Interval = 10 } });
        if (recorded)
        {
            runner.RegisterHook(new LegacyTraceHook(Recorder), HookPriority.Lowest);
        }

        return way == "legacy"
            ? runner.RunIterations([ToyDataset.Loader(40)], [("train", 1)])
            : runner.AsEngine([ToyDataset.Loader(40)], [("train", 1)]).TrainIterations();
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        owned.Add(item);
        return item;
    }
}
