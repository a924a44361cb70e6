using Compat.Adapters.Equivalence;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Gan.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Gan;

internal static class LegacyProgram
{
    public static void Run(GanRun run)
    {
        run.Seed();
        using LegacyGan model = new();
        model.to(run.Device);
        GanSettings settings = run.Settings;
        using FusedAdam generator = new(model.Generator.parameters(), new() { Lr = settings.GeneratorLr, Beta1 = settings.Beta1 });
        using FusedAdam discriminator = new(model.Discriminator.parameters(), new() { Lr = settings.DiscriminatorLr, Beta1 = settings.Beta1 });
        using EpochBasedRunner legacy = new(model, new RunnerOptions
        {
            Optimizer = new OptimizerSet(new Dictionary<string, optim.Optimizer> { ["generator"] = generator, ["discriminator"] = discriminator }),
            WorkDir = run.WorkDir,
            Logger = run.Logger,
            MaxEpochs = settings.Epochs,
        });
        legacy.RegisterTrainingHooks(new TrainingHookOptions
        {
            LogConfig = new LogConfig { Interval = 10 },
            CustomHooks = [new DistSamplerSeedHook(), new LegacyAlbumHook(run.Album)],
        });
        legacy.RegisterHook(new LegacyTraceHook(run.Recorder), HookPriority.Lowest);

        BatchLoader[] loaders = [run.Loader()];
        WorkflowStep[] workflow = [("train", 1)];
        legacy.Run(loaders, workflow);
    }
}
