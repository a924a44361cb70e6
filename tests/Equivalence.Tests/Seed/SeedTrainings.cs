using Compat.Adapters.Equivalence;
using Compat.Adapters.Runners;
using Compat.Engine.Loops;
using Compat.Engine.Model;
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
using EngineRunner = Compat.Engine.Runner;
using EngineRunnerOptions = Compat.Engine.RunnerOptions;

namespace Compat.Equivalence.Tests.Seed;

/// <summary>Trains models of the seed for one epoch on either side.</summary>
internal static class SeedTrainings
{
    /// <summary>Trains the old toy on 33 samples, so that the last of 17 batches is smaller and no window of 3 is complete at the end.</summary>
    public static TrainingTrace OldToy(OptimizerConfig hook, bool onEngine = false)
    {
        using LegacyToyModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        return Old(model, optimizer, hook, ToyDataset.Loader(33), onEngine);
    }

    /// <summary>Trains the port of that toy on the same samples: the faithful one, or the one that is printed, which takes means.</summary>
    public static TrainingTrace NewToy(OptimWrapperOptions wrapper, bool sums = true)
    {
        using EngineToyModel model = new(sums);
        return New(model, wrapper, ToyDataset.Loader(33));
    }

    /// <summary>Trains the old toy for four epochs with a schedule.</summary>
    public static TrainingTrace OldToy(LrConfig schedule)
    {
        using LegacyToyModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.01);
        return Old(model, optimizer, new OptimizerConfig(), ToyDataset.Loader(33), schedule: schedule, epochs: 4);
    }

    /// <summary>Trains its faithful port for four epochs with schedules.</summary>
    public static TrainingTrace NewToy(IReadOnlyList<ParamSchedulerOptions> schedules)
    {
        using EngineToyModel model = new(sums: true);
        OptimWrapperOptions wrapper = new() { Optimizer = new FusedSgdOptions { Lr = 0.01 } };
        return New(model, wrapper, ToyDataset.Loader(33), schedules: schedules, epochs: 4);
    }

    /// <summary>Trains an old model.</summary>
    public static TrainingTrace Old(
        nn.Module model, OptimizerSet optimizer, OptimizerConfig? hook, BatchLoader loader, bool onEngine = false, LrConfig? schedule = null, int epochs = 1)
    {
        TraceRecorder recorder = new("old");
        using EpochBasedRunner runner = new(model, new RunnerOptions { Optimizer = optimizer, Logger = new ListLogger(), MaxEpochs = epochs });
        runner.RegisterTrainingHooks(new TrainingHookOptions { OptimizerConfig = hook, LrConfig = schedule });
        runner.RegisterHook(new LegacyTraceHook(recorder), HookPriority.Lowest);
        if (onEngine)
        {
            runner.AsEngine([loader], [("train", 1)]).Train();
        }
        else
        {
            runner.Run([loader], [("train", 1)]);
        }

        return recorder.Trace;
    }

    /// <summary>Trains a new model.</summary>
    public static TrainingTrace New(
        BaseModel model,
        BaseOptimWrapperOptions wrapper,
        BatchLoader loader,
        ModelWrapperOptions? modelWrapper = null,
        IReadOnlyList<ParamSchedulerOptions>? schedules = null,
        int epochs = 1)
    {
        using TemporaryFolder folder = new();
        TraceRecorder recorder = new("new");
        using EngineRunner runner = new(new EngineRunnerOptions
        {
            Model = model,
            ModelWrapper = modelWrapper,
            WorkDir = folder.Path,
            TrainDataloader = loader,
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = epochs },
            OptimWrapper = wrapper,
            ParamSchedulers = schedules ?? [],
            CustomHooks = [new EngineTraceHook(recorder)],
            Logger = new ListLogger(),
        });
        runner.Train();
        return recorder.Trace;
    }

    /// <summary>Gets the weights after each iteration, as numbers.</summary>
    public static IReadOnlyList<double[]> Weights(TrainingTrace trace) =>
        [.. trace.Iterations.Select(iteration => iteration.Weights.Select(weight => weight.Value.ToDouble()).ToArray())];
}
