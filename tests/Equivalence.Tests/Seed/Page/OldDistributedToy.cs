using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The old toy as several processes train it: wrapped before the runner is made.</summary>
internal static class OldDistributedToy
{
    public static void Train(LegacyToyModel model, Launcher launcher)
    {
        ICollectives collectives = Dist.Init(launcher);
        ToyDataset dataset = new();
        using BatchLoader loader = new(dataset, new()
        {
            BatchSize = 2,
            Sampler = new DefaultSampler(dataset, seed: 0, process: collectives.Rank),
        });
        using MMDistributedDataParallel wrapped = new(
            model,
            collectives,
            broadcastBuffers: false,
            findUnusedParameters: false);
        using optim.Optimizer optimizer = optim.SGD(wrapped.parameters(), 0.01);
        using EpochBasedRunner runner = new(wrapped, new RunnerOptions
        {
            Optimizer = optimizer,
            Logger = new ListLogger(),
            MaxEpochs = 5,
        });
        runner.RegisterTrainingHooks(new TrainingHookOptions
        {
            LrConfig = new StepLrConfig { Step = [2, 3] },
            OptimizerConfig = new OptimizerConfig(),
        });
        runner.Run([loader], [("train", 1)]);
    }
}
