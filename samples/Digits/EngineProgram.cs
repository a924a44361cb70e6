using Comparing;
using Compat.Adapters.Equivalence;
using Compat.Engine;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
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
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = run.WorkDir,
            Device = run.Device,
            Logger = run.Logger,
            TrainDataloader = run.TrainLoader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = settings.Epochs },
            OptimWrapper = new OptimWrapperOptions
            {
                Optimizer = new FusedSgdOptions { Lr = settings.Lr, Momentum = settings.Momentum, WeightDecay = settings.WeightDecay },
            },
            ParamSchedulers = [new MultiStepLrOptions { Milestones = settings.Steps }],
            ValDataloader = run.TestLoader(),
            ValEvaluator = new Evaluator(new Accuracy<DigitsBatch, DigitsPrediction>(batch => batch.Label, prediction => prediction.Scores)),
            CustomHooks = [new EngineTraceHook(run.Recorder)],
        });

        runner.Train();

        return runner.ValLoop!.Metrics["accuracy"].Number;
    }
}
