using Compat.Engine;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;

namespace Compat.Mpi.Ranks;

/// <summary>What a runner of the engine promises in several processes, beside the golden trainings.</summary>
internal static class EngineCases
{
    public static IReadOnlyList<RankCase> All { get; } =
    [
        new("Different_models_are_one_error_on_all_ranks", DifferentModels),
        new("An_error_of_all_ranks_is_an_ordinary_exception", FailTogether),
        new("Without_a_wrapper_the_runner_chooses_one", DefaultWrapper),
        new("The_log_and_the_files_are_those_of_rank_0", LogOfRank0),
        new("A_model_wrapped_for_other_processes_is_refused", OtherProcesses),
        new("A_launcher_and_other_collectives_are_refused", LauncherAndCollectives),
    ];

    /// <summary>Trains with a model that fails on rank 1 alone.</summary>
    public static void FailAlone(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        Options(folder, new FailingModel(collectives.Rank.Rank == 1)).Train();
    }

    private static void DifferentModels(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        Action make = () => Options(folder, new WideModel(1 + collectives.Rank.Rank));
        make.Should().Throw<InvalidOperationException>().WithMessage(
            "The processes have different models: process 0 has the parameter linear.weight (Float32 [1, 1]) where process 1 has the parameter linear.weight (Float32 [2, 1]). "
            + "Build the same model in all processes; it may not depend on the rank.");
    }

    private static void FailTogether(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using Runner runner = Options(folder, new FailingModel(fails: true));
        runner.Invoking(one => one.Train()).Should().Throw<FormatException>();
    }

    private static void DefaultWrapper(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using Runner runner = Options(folder, new EngineToyModel(sums: true));
        runner.Collectives.Should().BeSameAs(collectives);
        runner.Model.Should().BeOfType<MMDistributedDataParallel>();
        runner.Train();
        collectives.GatherTexts(runner.Timestamp).Distinct().Should().ContainSingle("the folders have one name");
    }

    private static void LogOfRank0(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        ListLogger logger = new();
        using Runner runner = Options(folder, new EngineToyModel(sums: true), logger);
        runner.Train();
        logger.Lines.Any().Should().Be(collectives.Rank.Rank == 0);
        using TemporaryFolder own = new();
        using Runner without = new(Settings(own, new EngineToyModel(sums: true)) with { Logger = null });
        without.Train();
        Directory.EnumerateFiles(own.Path, "*", SearchOption.AllDirectories).Any().Should().Be(collectives.Rank.Rank == 0);
    }

    private static void OtherProcesses(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        MMDistributedDataParallel model = new(new EngineToyModel(sums: true), collectives);
        Action make = () => new Runner(Settings(folder, model) with { Launcher = Launcher.None });
        make.Should().Throw<ArgumentException>().WithMessage(
            $"The model is a MMDistributedDataParallel of {collectives.Rank.WorldSize} processes, but the runner trains with 1. Set Collectives *");
    }

    private static void LauncherAndCollectives(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        RunnerOptions options = Settings(folder, new EngineToyModel(sums: true));
        Action make = () => new Runner(options with { Collectives = new OtherCollectives() });
        make.Should().Throw<ArgumentException>().WithMessage("Launcher is Mpi, and Collectives is a OtherCollectives that this launcher has not given. Set one of the two.*");
        new Runner(options with { Collectives = collectives }).Dispose();
    }

    private static Runner Options(TemporaryFolder folder, BaseModel model, ListLogger? logger = null) => new(Settings(folder, model) with { Logger = logger ?? new() });

    private static RunnerOptions Settings(TemporaryFolder folder, BaseModel model) => new()
    {
        Model = model,
        WorkDir = folder.Path,
        Logger = new ListLogger(),
        Launcher = Launcher.Mpi,
        TrainDataloader = ToyDataset.Loader(4),
        TrainCfg = new EpochBasedTrainLoopOptions { MaxEpochs = 2 },
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 } },
    };
}
