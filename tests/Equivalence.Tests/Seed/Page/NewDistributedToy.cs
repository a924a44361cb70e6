using Compat.Engine;
using Compat.Engine.Data;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The new toy as several processes train it: the runner joins them, shares out the data and wraps the model.</summary>
internal static class NewDistributedToy
{
    public static RunnerOptions Options(EngineToyModel model, string workDir, Launcher launcher) => new RunnerOptions
    {
        Model = model,
        WorkDir = workDir,
        Launcher = launcher,
        TrainDataloader = new DatasetLoaderOptions
        {
            Dataset = new ToyDataset(),
            Loader = new() { BatchSize = 2 },
            Sampler = new DefaultSamplerOptions { Shuffle = true },
        },
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 5 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.01 } },
        ParamSchedulers = [new MultiStepLrOptions { Milestones = [2, 3] }],
        Logger = new ListLogger(),
    };

    public static RunnerOptions Wrapped(RunnerOptions options) => options with
    {
        ModelWrapper = new MMSeparateDistributedDataParallelOptions(),
    };
}
