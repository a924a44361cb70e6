using Compat.Adapters.Equivalence;
using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Torch.Optim;
using Gan.Models;

namespace Gan;

internal static class EngineProgram
{
    public static void Run(GanRun run)
    {
        run.Seed();
        using EngineGan model = new();
        GanSettings settings = run.Settings;
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = run.WorkDir,
            Device = run.Device,
            Logger = run.Logger,
            TrainDataloader = run.Loader(),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = settings.Epochs },
            OptimWrapper = new OptimWrapperDictOptions
            {
                ["generator"] = Wrapper(settings, settings.GeneratorLr),
                ["discriminator"] = Wrapper(settings, settings.DiscriminatorLr),
                CompleteLastWindow = true,
            },
            CustomHooks = [new EngineAlbumHook(run.Album), new EngineTraceHook(run.Recorder)],
        });

        runner.Train();
    }

    // Half precision and accumulation are settings; the model does not know of them.
    private static OptimWrapperOptions Wrapper(GanSettings settings, double lr)
    {
        OptimWrapperOptions plain = new()
        {
            Optimizer = new FusedAdamOptions { Lr = lr, Beta1 = settings.Beta1 },
            AccumulativeCounts = settings.Accumulate,
        };
        return settings.Amp ? new AmpOptimWrapperOptions { Optimizer = plain.Optimizer, AccumulativeCounts = plain.AccumulativeCounts } : plain;
    }
}
