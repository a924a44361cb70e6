using Compat.Adapters.Runners;
using Compat.Engine.Evaluation;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.Mpi.Ranks.Joined;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>A wish to stop on the last rank alone stops all after the same iteration. Without agreement the others would wait for ever.</summary>
internal static class StopCases
{
    private const int EpochLength = 5;
    private const int AskedAt = 6;                                    // counted from 0, so that the update of iteration 7 carries the wish

    private static readonly Action<Compat.Engine.Runner> Request = runner => runner.TrainLoop!.RequestStop();
    private static readonly Action<Compat.Engine.Runner> Stop = runner => runner.TrainLoop!.StopTraining = true;
    private static readonly TrainLoopOptions ByEpoch = new EpochBasedTrainLoopOptions { MaxEpochs = 4 };
    private static readonly TrainLoopOptions ByIter = new IterBasedTrainLoopOptions { MaxIters = 20 };

    public static IReadOnlyList<RankCase> All { get; } =
    [
        new("Without_a_wish_all_train_to_the_end", collectives => Expect(20, collectives, ByEpoch, null)),
        new("A_request_stops_all_with_the_next_update", collectives => Expect(8, collectives, ByEpoch, Request)),
        new("A_request_stops_a_loop_by_iteration_with_the_next_update", collectives => Expect(8, collectives, ByIter, Request)),
        new("A_request_waits_for_the_end_of_a_window_of_accumulation", collectives => Expect(9, collectives, ByIter, Request, accumulate: 3)),
        new("A_request_before_training_lets_nobody_train", collectives => Expect(0, collectives, ByEpoch, Request, at: -1)),
        new("StopTraining_ends_all_with_the_epoch", collectives => Expect(10, collectives, ByEpoch, Stop)),
        new("StopTraining_ends_a_loop_by_iteration_with_the_next_update", collectives => Expect(8, collectives, ByIter, Stop)),
        new("StopTraining_after_a_validation_ends_all_at_once", AfterValidation),
        new("A_request_stops_an_old_trainer_on_the_engine", collectives => ExpectOfLegacy(8, collectives, new OptimizerConfig(), Request)),
        new("A_request_stops_an_old_trainer_whose_model_steps_by_itself", collectives => ExpectOfLegacy(8, collectives, null, Request)),
        new("StopTraining_ends_an_old_trainer_on_the_engine", collectives => ExpectOfLegacy(10, collectives, new OptimizerConfig(), Stop)),
    ];

    private static StopHook Ask(ICollectives collectives, Action<Compat.Engine.Runner>? ask, int at) =>
        new(ask is not null && IsLast(collectives), at, ask ?? (_ => { }));

    private static bool IsLast(ICollectives collectives) => collectives.Rank.Rank == collectives.Rank.WorldSize - 1;

    private static void Expect(int iterations, ICollectives collectives, TrainLoopOptions loop, Action<Compat.Engine.Runner>? ask, int accumulate = 1, int at = AskedAt)
    {
        using TemporaryFolder folder = new();
        using Compat.Engine.Runner runner = new(Options(folder, collectives, loop, accumulate));
        runner.RegisterHook(Ask(collectives, ask, at));
        runner.Train();
        RequireSame(runner, iterations, collectives);
    }

    private static void AfterValidation(ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using CurveNet net = new(SpareUse.Never);
        using BatchLoader loader = TrainingShare.Together(collectives).Loader();
        using Compat.Engine.Runner runner = new(Options(folder, collectives, new IterBasedTrainLoopOptions { MaxIters = 20, ValInterval = 5 }) with
        {
            Model = new EngineCurve(net),
            TrainDataloader = loader,
            ValDataloader = loader,
            ValEvaluator = new Evaluator(new CurveMetric()),
            CustomHooks = [new StopAfterValHook(IsLast(collectives))],
        });
        runner.Train();
        RequireSame(runner, 5, collectives);
    }

    private static void ExpectOfLegacy(int iterations, ICollectives collectives, OptimizerConfig? hook, Action<Compat.Engine.Runner> ask)
    {
        using CurveNet net = new(SpareUse.Never);
        using LegacyCurve model = new(net, steps: hook is null);
        using FusedSgd optimizer = new(net.parameters(), new() { Lr = 0.1 });
        using TemporaryFolder folder = new();
        using EpochBasedRunner legacy = new(
            new MMDistributedDataParallel(model, collectives), new() { Logger = new ListLogger(), Optimizer = optimizer, MaxEpochs = 4, WorkDir = folder.Path });
        legacy.RegisterTrainingHooks(new() { OptimizerConfig = hook, TimerConfig = null });
        using BatchLoader loader = TrainingShare.Together(collectives).Loader(iterations: EpochLength);
        Compat.Engine.Runner engine = legacy.AsEngine([loader], [("train", 1)]);
        engine.RegisterHook(Ask(collectives, ask, AskedAt));
        engine.Train();
        RequireSame(engine, iterations, collectives);
        legacy.Iter.Should().Be(iterations);
    }

    private static void RequireSame(Compat.Engine.Runner runner, int iterations, ICollectives collectives) =>
        collectives.GatherTexts($"{runner.Progress.Iter}").Should().OnlyContain(text => text == $"{iterations}");

    private static Compat.Engine.RunnerOptions Options(TemporaryFolder folder, ICollectives collectives, TrainLoopOptions loop, int accumulate = 1) => new()
    {
        Model = new EngineToyModel(sums: true),
        WorkDir = folder.Path,
        Logger = new ListLogger(),
        Device = CPU,
        Collectives = collectives,
        TrainDataloader = ToyDataset.Loader(2 * EpochLength),
        TrainCfg = loop,
        OptimWrapper = new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.1 }, AccumulativeCounts = accumulate },
    };
}
