using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;

namespace Compat.Mpi.Ranks;

/// <summary>The loader of rank 1 ends sooner than it had announced, which nobody can know before the training.</summary>
internal static class ShortCases
{
    public static void Engine(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using Compat.Engine.Runner runner = new(new()
        {
            Model = new EngineToyModel(sums: true),
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            Collectives = collectives,
            TrainDataloader = Loader(collectives),
            TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
            OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
        });
        runner.Train();
    }

    public static void Legacy(ICollectives collectives)
    {
        using LegacyToyModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1 });
        using EpochBasedRunner runner = new(new MMDistributedDataParallel(model, collectives), new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 2 });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = new OptimizerConfig() });
        runner.Run([Loader(collectives)], [("train", 1)]);
    }

    private static BatchLoader Loader(ICollectives collectives)
    {
        ToyDataset data = new(8);
        return new(data, new() { BatchSize = 2, Sampler = new ShortSampler(data, missing: 4 * collectives.Rank.Rank) });
    }
}
