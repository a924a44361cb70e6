using Compat.Adapters.Equivalence;
using Compat.Adapters.Runners;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Training;
using Microsoft.Extensions.Time.Testing;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Support;

/// <summary>An old trainer with everything it needs, traced. An epoch has 8 samples in batches of 3, 3 and 2.</summary>
public sealed class Trainer : IDisposable
{
    private readonly TraceRecorder recorder = new("probe");

    public Trainer(
        Action<EpochBasedRunner>? registerHooks = null,
        Func<ProbeModel, ToyBatch, OptimizerSet?, StepOutputs>? step = null,
        bool namesOptimizer = false,
        int? maxEpochs = 2,
        int? maxIters = null,
        LegacyBehavior? behavior = null,
        bool hasOptimizer = true,
        bool isTraced = true,
        BatchLoader? loader = null,
        Func<nn.Module, RunnerOptions, EpochBasedRunner>? makeRunner = null)
    {
        Loaders = [loader ?? new(new RampDataset(8), new BatchLoaderOptions { BatchSize = 3 })];
        Model = new ProbeModel(Time, step);
        Optimizer = optim.SGD(Model.parameters(), 0.01, momentum: 0.9);
        OptimizerSet set = namesOptimizer ? new OptimizerSet([KeyValuePair.Create("main", Optimizer)]) : new OptimizerSet(Optimizer);
        RunnerOptions options = new() { Logger = Logger, Optimizer = hasOptimizer ? set : null, MaxEpochs = maxEpochs, MaxIters = maxIters, Time = Time, Behavior = behavior ?? LegacyBehavior.V1_7_2 };
        Runner = (makeRunner ?? ((model, settings) => new EpochBasedRunner(model, settings)))(Model, options);
        registerHooks?.Invoke(Runner);
        if (isTraced)
        {
            Runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        }
    }

    public FakeTimeProvider Time { get; } = new();

    public ListLogger Logger { get; } = new();

    public ProbeModel Model { get; }

    public optim.Optimizer Optimizer { get; }

    public EpochBasedRunner Runner { get; }

    public BatchLoader[] Loaders { get; }

    public WorkflowStep[] Workflow { get; } = [("train", 1)];

    public TrainingTrace Trace => recorder.Trace;

    public IReadOnlyList<string> Lines => [.. Logger.Lines.Where(line => line.StartsWith("Epoch", StringComparison.Ordinal))];

    public static TrainingHookOptions UsualHooks(OptimizerConfig? optimizer = null) => new()
    {
        LrConfig = new StepLrConfig { Step = [1] },
        OptimizerConfig = optimizer ?? new OptimizerConfig(),
        LogConfig = new LogConfig { Interval = 2 },
    };

    /// <summary>Trains the old way, or on the engine.</summary>
    public Trainer Train(bool onEngine)
    {
        if (onEngine)
        {
            AsEngine().Train();
        }
        else
        {
            Runner.Run(Loaders, Workflow);
        }

        return this;
    }

    public Compat.Engine.Runner AsEngine() => Runner.AsEngine(Loaders, Workflow);

    public void Dispose()
    {
        Runner.Dispose();
        Optimizer.Dispose();
        Model.Dispose();
    }
}
