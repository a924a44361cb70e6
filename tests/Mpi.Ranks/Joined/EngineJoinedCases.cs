using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>What the engine trains in several processes as in one.</summary>
internal static class EngineJoinedCases
{
    private static readonly OptimWrapperOptions Plain = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };
    private static readonly OptimWrapperOptions Momentum = new() { Optimizer = new FusedSgdOptions { Lr = 0.02, Momentum = 0.9 } };
    private static readonly OptimWrapperOptions Accumulating = Plain with { AccumulativeCounts = 3 };
    private static readonly AmpOptimWrapperOptions Scaling = new()
    {
        Optimizer = new FusedSgdOptions { Lr = 0.1 },
        AccumulativeCounts = 3,
        ClipGrad = new GradClipNormOptions { MaxNorm = 0.05 },
        Autocast = false,
        LossScale = 512,
    };
    private static readonly OptimWrapperOptions InPairs = Momentum with { AccumulativeCounts = 2 };
    private static readonly OptimWrapperOptions TwiceAccumulating = Plain with { AccumulativeCounts = 3, UpdatesPerIteration = 2 };
    private static readonly OptimWrapperOptions ZeroFilling = Momentum with { SetToNone = false };
    private static readonly MMDistributedDataParallelOptions FindsUnused = new() { FindUnusedParameters = true };
    private static readonly TwiceCurveWrapperOptions Twice = new(Scale: 1.5);

    public static IReadOnlyList<RankCase> All { get; } =
    [
        JoinedCase.Of("Plain", EngineTraining.Curve(Plain)),
        JoinedCase.Of("Momentum", EngineTraining.Curve(Momentum), EngineTraining.Curve(new OptimWrapperOptions { Optimizer = new FusedSgdOptions { Lr = 0.02 } })),
        JoinedCase.Of("Adam", EngineTraining.Curve(new OptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 0.01 } })),
        JoinedCase.Of("Accumulation", EngineTraining.Curve(Accumulating), EngineTraining.Curve(Plain)),
        JoinedCase.Of("Clipping", EngineTraining.Curve(Plain with { ClipGrad = new GradClipNormOptions { MaxNorm = 0.05 } }), EngineTraining.Curve(Plain)),
        JoinedCase.Of("Loss_scaling", EngineTraining.Curve(Scaling), EngineTraining.Curve(Scaling with { ClipGrad = null })),
        JoinedCase.Of("A_parameter_that_some_ranks_use", EngineTraining.Curve(Momentum, FindsUnused, SpareUse.Rarely), EngineTraining.Curve(Momentum)),
        JoinedCase.Of(
            "A_parameter_that_some_ranks_use_while_accumulating",
            EngineTraining.Curve(InPairs, FindsUnused, SpareUse.Rarely),
            EngineTraining.Curve(InPairs)),
        JoinedCase.Of(
            "A_parameter_that_all_ranks_use_once_in_a_window",
            EngineTraining.Curve(InPairs, use: SpareUse.EveryOtherIteration),
            EngineTraining.Curve(Momentum, use: SpareUse.EveryOtherIteration)),
        JoinedCase.Of(
            "A_parameter_whose_gradient_was_filled_with_zeros",
            EngineTraining.Curve(ZeroFilling, use: SpareUse.AtFirst),
            EngineTraining.Curve(Momentum, use: SpareUse.AtFirst)),
        JoinedCase.Of("A_GAN_with_separate_wrappers", EngineTraining.Gan(Plain, Momentum), EngineTraining.Gan(Plain, Plain)),
        JoinedCase.Of("A_wrapper_with_two_updates", EngineTraining.Curve(Momentum, Twice), EngineTraining.Curve(Momentum)),
        JoinedCase.Of("A_wrapper_with_two_updates_and_accumulation", EngineTraining.Curve(TwiceAccumulating, Twice), EngineTraining.Curve(Plain, Twice)),
        new("Some_ranks_use_the_spare_layer_and_in_some_iterations_none", JoinedCase.RequireUnevenUse),
        new("An_unused_parameter_is_refused_on_all_ranks", Refused),
        new("A_parameter_that_is_unused_in_a_whole_window_is_refused_on_all_ranks", RefusedInAWindow),
    ];

    private static void Refused(ICollectives collectives) =>
        JoinedCase.RequireRefusal(() => EngineTraining.Curve(Momentum, use: SpareUse.AtFirst)(TrainingShare.Together(collectives)), collectives);

    private static void RefusedInAWindow(ICollectives collectives) =>
        JoinedCase.RequireRefusal(() => EngineTraining.Curve(InPairs, use: SpareUse.AtFirst)(TrainingShare.Together(collectives)), collectives);
}
