using Compat.Adapters.Equivalence;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Digits.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Digits;

internal static class MigratingProgram
{
    public static double Run(DigitsRun run)
    {
        run.Seed();
        using LegacyDigitsModel model = new();
        model.to(run.Device);
        DigitsSettings settings = run.Settings;
        FusedSgdOptions sgd = new() { Lr = settings.Lr, Momentum = settings.Momentum, WeightDecay = settings.WeightDecay };
        using FusedSgd optimizer = new(model.parameters(), sgd);
        RunnerOptions options = new() { Optimizer = optimizer, WorkDir = run.WorkDir, Logger = run.Logger };
        using MMDistributedDataParallel? several = run.Collectives.Rank.WorldSize > 1 ? new(model, run.Collectives) : null;
        nn.Module trained = several ?? (nn.Module)model;
        using WorkflowRunner legacy = settings.ByIter
            ? new IterBasedRunner(trained, options with { MaxIters = run.Iterations })
            : new EpochBasedRunner(trained, options with { MaxEpochs = settings.Epochs });
        legacy.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = new StepLrConfig { Step = run.Steps },
            OptimizerConfig = LegacyUpdate.Config(settings),
            LogConfig = new LogConfig { Interval = 10 },
            CustomHooks = settings.ByIter ? [] : [new DistSamplerSeedHook()],
        });
        legacy.RegisterHook(new LegacyTraceHook(run.Recorder), HookPriority.Lowest);

        BatchLoader[] loaders = [run.TrainLoader()];
        WorkflowStep[] workflow = [("train", 1)];
        legacy.AsEngine(loaders, workflow).Train();

        return LegacyEvaluation.Accuracy(model, run);
    }
}
