using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Trainings by the engine.</summary>
internal static class EngineTraining
{
    /// <summary>Trains the curve.</summary>
    public static Func<TrainingShare, double[][]> Curve(BaseOptimWrapperOptions optim, ModelWrapperOptions? wrapper = null, SpareUse use = SpareUse.Never) => share =>
    {
        TorchSeed.Set(3);
        using CurveNet net = new(use);
        return Run(share, new EngineCurve(net), optim, wrapper, use);
    };

    /// <summary>Trains the GAN.</summary>
    public static Func<TrainingShare, double[][]> Gan(OptimWrapperOptions generator, OptimWrapperOptions discriminator) => share =>
    {
        TorchSeed.Set(3);
        using CurveGan gan = new();
        OptimWrapperDictOptions optim = new() { ["generator"] = generator, ["discriminator"] = discriminator };
        return Run(share, new EngineCurveGan(gan), optim, new MMSeparateDistributedDataParallelOptions(), SpareUse.Never);
    };

    private static double[][] Run(TrainingShare share, BaseModel model, BaseOptimWrapperOptions optim, ModelWrapperOptions? wrapper, SpareUse use)
    {
        using TemporaryFolder folder = new();
        using BatchLoader loader = share.Loader(use);
        WeightRows rows = new(model.StateModule);
        using Runner runner = new(new()
        {
            Model = model,
            ModelWrapper = wrapper,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            Device = CPU,
            Collectives = share.Collectives,
            TrainDataloader = loader,
            TrainCfg = new IterBasedTrainLoopOptions { MaxIters = TrainingShare.Iterations },
            OptimWrapper = optim,
            CustomHooks = [new EngineWeightsHook(rows)],
        });
        runner.Train();
        return rows.ToArray();
    }
}
