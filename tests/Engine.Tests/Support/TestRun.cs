using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;

namespace Compat.Engine.Tests.Support;

/// <summary>A small run: a model, a folder, a logger, and options to change.</summary>
internal sealed class TestRun : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private Runner? runner;

    public TestModel Model { get; init; } = new();

    public ListLogger Logger { get; } = new();

    public string Folder => folder.Path;

    public RunnerOptions Options => new()
    {
        Model = Model,
        WorkDir = folder.Path,
        Logger = Logger,
        TrainDataloader = ToyDataset.Loader(4),
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
    };

    public RunnerOptions WithValidation => Options with
    {
        ValDataloader = ToyDataset.Loader(4),
        ValEvaluator = new Evaluator(new ConstantMetric("mAP", 0.5)),
    };

    public RunnerOptions WithTest => Options with
    {
        TestDataloader = ToyDataset.Loader(4),
        TestEvaluator = new Evaluator(new ConstantMetric("mAP", 0.75)),
    };

    public IEnumerable<string> EpochLines => Logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal));

    /// <summary>Gets the lines with values, by epoch or by iteration.</summary>
    public IEnumerable<string> LogLines => Logger.Lines.Where(line => line.StartsWith("Epoch(", StringComparison.Ordinal) || line.StartsWith("Iter(", StringComparison.Ordinal));

    public Runner Make(RunnerOptions options, params Hook[] hooks) => runner = new Runner(options with { CustomHooks = hooks });

    public Runner Train(RunnerOptions options, params Hook[] hooks)
    {
        Make(options, hooks).Train();
        return runner!;
    }

    public void Dispose()
    {
        runner?.Dispose();
        Model.Dispose();
        folder.Dispose();
    }
}
