using Compat.Adapters.Runners;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Optim;
using Compat.Torch.Randomness;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Trainings by the old runner, on its own loop or on the engine.</summary>
/// <param name="onEngine">Whether the engine runs them.</param>
internal sealed class LegacyTraining(bool onEngine)
{
    private static readonly LegacyBehavior ZeroFilling = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true };

    /// <summary>Trains the curve.</summary>
    /// <param name="sgd">The optimizer's settings.</param>
    /// <param name="hook">The optimizer hook; <see langword="null"/>: the model steps by itself.</param>
    /// <param name="findsUnused">Whether parameters may lack a gradient.</param>
    /// <param name="use">Which samples use the spare layer.</param>
    /// <param name="fillsWithZeros">Whether cleared gradients are zeros.</param>
    public Func<TrainingShare, double[][]> Curve(
        FusedSgdOptions sgd, OptimizerConfig? hook, bool findsUnused = false, SpareUse use = SpareUse.Never, bool fillsWithZeros = false) => share =>
    {
        TorchSeed.Set(3);
        using CurveNet net = new(use);
        using LegacyCurve model = new(net, steps: hook is null);
        using FusedSgd optimizer = new(net.parameters(), sgd);
        RunnerOptions options = Options(share, optimizer) with { Behavior = fillsWithZeros ? ZeroFilling : LegacyBehavior.V1_7_2 };
        return Run(share, model, options, hook, findsUnused, use);
    };

    /// <summary>Trains the GAN.</summary>
    public Func<TrainingShare, double[][]> Gan(FusedSgdOptions generator, FusedSgdOptions discriminator) => share =>
    {
        TorchSeed.Set(3);
        using CurveGan gan = new();
        using LegacyCurveGan model = new(gan);
        using FusedSgd ofGenerator = new(gan.Generator.parameters(), generator);
        using FusedSgd ofDiscriminator = new(gan.Discriminator.parameters(), discriminator);
        OptimizerSet optimizers = new(new Dictionary<string, optim.Optimizer> { ["generator"] = ofGenerator, ["discriminator"] = ofDiscriminator });
        return Run(share, model, Options(share, optimizers), hook: null, findsUnused: false, SpareUse.Never);
    };

    private static RunnerOptions Options(TrainingShare share, OptimizerSet optimizers) => new()
    {
        Logger = new ListLogger(),
        Optimizer = optimizers,
        Collectives = share.Collectives,
        MaxIters = TrainingShare.Iterations,
    };

    private double[][] Run(TrainingShare share, nn.Module model, RunnerOptions options, OptimizerConfig? hook, bool findsUnused, SpareUse use)
    {
        using TemporaryFolder folder = new();
        using BatchLoader loader = share.Loader(use);
        bool isAlone = share.Collectives.Rank.WorldSize == 1;
        using IterBasedRunner runner = new(
            isAlone ? model : new MMDistributedDataParallel(model, share.Collectives, findUnusedParameters: findsUnused), options with { WorkDir = folder.Path });
        runner.RegisterTrainingHooks(new() { OptimizerConfig = hook, TimerConfig = null });
        WeightRows rows = new(model);
        runner.RegisterHook(new LegacyWeightsHook(rows), HookPriority.Lowest);
        if (onEngine)
        {
            runner.AsEngine([loader], [("train", 1)]).Train();
        }
        else
        {
            runner.Run([loader], [("train", 1)]);
        }

        return rows.ToArray();
    }
}
