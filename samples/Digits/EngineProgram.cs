using Comparing;
using Compat.Adapters.Equivalence;
using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Logging;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Torch.Optim;
using Digits.Models;

namespace Digits;

internal static class EngineProgram
{
    public static double Run(DigitsRun run)
    {
        run.Seed();
        using EngineDigitsModel model = new();
        DigitsSettings settings = run.Settings;
        FusedSgdOptions sgd = new() { Lr = settings.Lr, Momentum = settings.Momentum, WeightDecay = settings.WeightDecay };
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = run.WorkDir,
            Device = run.Device,
            Logger = run.Logger,
            Launcher = settings.Launcher,
            ModelWrapper = run.Collectives.Rank.WorldSize > 1 ? new MMDistributedDataParallelOptions { BroadcastBuffers = true } : null,
            TrainDataloader = run.TrainLoader(),
            TrainCfg = settings.ByIter
                ? new IterBasedTrainLoopOptions { MaxIters = run.Iterations, ValInterval = run.EpochLength }
                : new EpochBasedTrainLoopOptions { MaxEpochs = settings.Epochs },
            OptimWrapper = settings.Amp
                ? new AmpOptimWrapperOptions { Optimizer = sgd, AccumulativeCounts = settings.Accumulate, Dtype = settings.HalfPrecision }
                : new OptimWrapperOptions { Optimizer = sgd, AccumulativeCounts = settings.Accumulate },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = run.Steps, Unit = settings.ByIter ? ScheduleUnit.Iteration : ScheduleUnit.Epoch }],
            LogProcessor = new LogProcessorOptions { ByEpoch = !settings.ByIter },
            ValDataloader = run.TestLoader(roundUp: true),
            ValEvaluator = new Evaluator(new Accuracy<DigitsBatch, DigitsPrediction>(batch => batch.Label, prediction => prediction.Scores)),
            CustomHooks = [new EngineTraceHook(run.Recorder)],
        });

        runner.Train();

        return runner.ValLoop!.Metrics["accuracy"].Number;
    }
}
