using Compat.Adapters.Equivalence;
using Compat.Adapters.Optim;
using Compat.Adapters.Runners;
using Compat.Engine.Loops;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>A training of 17 iterations in one of four ways: "legacy", "kept", "translated", "engine".</summary>
internal sealed record UpdateRun(TrainingTrace Trace, IReadOnlySet<ScalarType> Dtypes, Type? Wrapper)
{
    public const int Iterations = 17;
    public const int OverflowAt = 6;

    private static readonly FusedSgdOptions Sgd = new() { Lr = 0.03, Momentum = 0.9 };

    /// <summary>Gets the weights after each iteration, as text that differs with any bit.</summary>
    public IReadOnlyList<string> Weights => [.. Trace.Iterations.Select(iteration => string.Join(' ', iteration.Weights.Select(weight => weight.Value.Hash)))];

    /// <summary>Gets the iterations, counted from 0, after which the weights are others than before.</summary>
    public IReadOnlyList<int> Moves => [.. Enumerable.Range(1, Weights.Count - 1).Where(i => Weights[i] != Weights[i - 1])];

    public static UpdateRun Of(string way, UpdateSettings settings, NonFiniteLoss nonFiniteLoss = NonFiniteLoss.Error) =>
        way == "engine" ? Engine(settings, nonFiniteLoss) : Old(way, settings, nonFiniteLoss);

    private static UpdateRun Engine(UpdateSettings settings, NonFiniteLoss nonFiniteLoss)
    {
        using TemporaryFolder folder = new();
        using UpdateModels.ForEngine model = new();
        TraceRecorder recorder = new("engine");
        using Compat.Engine.Runner runner = new(new()
        {
            Model = model,
            WorkDir = folder.Path,
            Device = CPU,
            TrainDataloader = Loader(settings),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 1 },
            OptimWrapper = settings.Wrapper(Sgd),
            CustomHooks = [new EngineTraceHook(recorder)],
            Logger = new ListLogger(),
            NonFiniteLoss = nonFiniteLoss,
        });
        runner.Train();
        return new(recorder.Trace, model.Net.Dtypes, runner.OptimWrapper.GetType());
    }

    private static UpdateRun Old(string way, UpdateSettings settings, NonFiniteLoss nonFiniteLoss)
    {
        using UpdateModels.ForLegacy model = new(settings.LowersPrecision);
        using FusedSgd first = new(model.Net.First.parameters(), Sgd);
        using FusedSgd second = new(model.Net.Second.parameters(), Sgd);
        using FusedSgd all = new(model.parameters(), Sgd);
        OptimizerSet optimizer = settings.InTurn ? new([new("first", first), new("second", second)]) : new(all);
        TraceRecorder recorder = new(way);
        using EpochBasedRunner runner = new(
            model, new() { Optimizer = optimizer, Logger = new ListLogger(), MaxEpochs = 1, NonFiniteLoss = nonFiniteLoss });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = settings.Hook });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        Type? wrapper = null;
        if (way == "legacy")
        {
            runner.Run([Loader(settings)], [("train", 1)]);
        }
        else
        {
            Optimization optimization = way == "kept" ? Optimization.KeepHooks : Optimization.Translate;
            using Compat.Engine.Runner engine = runner.AsEngine([Loader(settings)], [("train", 1)], new() { Optimization = optimization });
            engine.Train();
            wrapper = engine.OptimWrapper.GetType();
        }

        return new(recorder.Trace, model.Net.Dtypes, wrapper);
    }

    private static BatchLoader Loader(UpdateSettings settings) => new(new Samples(settings.Overflows), new BatchLoaderOptions { BatchSize = 2 });

    private sealed class Samples(bool overflows) : Dataset
    {
        public override int Count => 2 * Iterations;

        public override DataBatch this[int index] => new ToyBatch(
            full(1, MathF.Sin(index)), full(1, overflows && index / 2 == OverflowAt ? 1e37f : 1 - (index / 20f)));
    }
}
