using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>What a legacy runner promises in several processes, beside the golden trainings.</summary>
internal static class LegacyCases
{
    public static IReadOnlyList<RankCase> All { get; } =
    [
        new("The_runner_finds_the_processes_of_its_wrapped_model", Found),
        new("A_model_that_steps_by_itself_stays_the_same_on_all_ranks", StepsByItself),
        new("A_model_that_steps_by_itself_needs_an_optimizer_of_ours", TheirOptimizer),
        new("The_log_is_that_of_rank_0", LogOfRank0),
        new("Rank_and_number_are_asked_as_in_mmcv", Info),
    ];

    /// <summary>Trains with a model that fails on rank 1 alone.</summary>
    public static void FailAlone(ICollectives collectives)
    {
        using SteppingModel model = new(collectives.Rank.Rank) { Fails = collectives.Rank.Rank == 1 };
        Train(model, collectives, new FusedSgd(model.parameters(), new() { Lr = 0.1 }));
    }

    private static void Found(ICollectives collectives)
    {
        using LegacyToyModel model = new();
        using EpochBasedRunner runner = new(new MMDistributedDataParallel(model, collectives), new() { Logger = new ListLogger(), MaxEpochs = 1 });
        runner.Collectives.Should().BeSameAs(collectives);
        runner.Rank.Should().Be(collectives.Rank.Rank);
        runner.WorldSize.Should().Be(collectives.Rank.WorldSize);
        runner.ModelName.Should().Be(nameof(LegacyToyModel));
    }

    private static void StepsByItself(ICollectives collectives)
    {
        using SteppingModel model = new(collectives.Rank.Rank);
        Train(model, collectives, new FusedSgd(model.parameters(), new() { Lr = 0.1 }));
        string weights = string.Join(' ', model.parameters().Select(parameter => Convert.ToHexString(parameter.detach().bytes.ToArray())));
        collectives.GatherTexts(weights).Distinct().Should().ContainSingle();
        // Each rank's loss is (rank + 1) · w, so the mean gradient is (n + 1) / 2, and two steps go down by that.
        model.Weight.item<float>().Should().BeApproximately((float)(1 - (2 * 0.1 * (collectives.Rank.WorldSize + 1) / 2)), 1e-6f);
    }

    private static void TheirOptimizer(ICollectives collectives)
    {
        using SteppingModel model = new(collectives.Rank.Rank);
        Action train = () => Train(model, collectives, optim.SGD(model.parameters(), 0.1));
        train.Should().Throw<InvalidOperationException>().WithMessage(
            "The model steps by itself, and its optimizer is TorchSharp's SGD, which cannot average gradients over processes before its step. Use one of this library's, "
            + "for example new FusedSgd(model.parameters(), new() { Lr = 0.01 }).");
    }

    private static void LogOfRank0(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using SteppingModel model = new(collectives.Rank.Rank);
        ListLogger logger = Train(model, collectives, new FusedSgd(model.parameters(), new() { Lr = 0.1 }), folder.Path);
        logger.Lines.Any().Should().Be(collectives.Rank.Rank == 0);
        Directory.EnumerateFiles(folder.Path).Any().Should().Be(collectives.Rank.Rank == 0);
    }

    private static void Info(ICollectives collectives)
    {
        collectives.GetDistInfo().Should().Be((collectives.Rank.Rank, collectives.Rank.WorldSize));
        int calls = 0;
        collectives.MasterOnly(() => calls++);
        calls.Should().Be(collectives.Rank.Rank == 0 ? 1 : 0);
        Tensor weights = ones(3) * collectives.Rank.Rank;
        collectives.AllReduceParams([weights]);
        weights[2].item<float>().Should().Be((collectives.Rank.WorldSize - 1) / 2f);
    }

    private static ListLogger Train(SteppingModel model, ICollectives collectives, optim.Optimizer optimizer, string? folder = null)
    {
        ListLogger logger = new();
        using EpochBasedRunner runner = new(
            new MMDistributedDataParallel(model, collectives), new() { Logger = logger, Optimizer = optimizer, MaxEpochs = 1, WorkDir = folder, Meta = new() { ["exp_name"] = "toy" } });
        runner.RegisterTrainingHooks(new() { LogConfig = new LogConfig { Interval = 1, Hooks = [new TextLoggerConfig()] } });
        runner.Run([ToyDataset.Loader(4)], [("train", 1)]);
        return logger;
    }
}
