using Compat.Legacy;
using Compat.Torch.Distributed;
using Compat.Torch.Optim;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>What the old runner trains in several processes as in one, on its own loop or on the engine.</summary>
internal static class LegacyJoinedCases
{
    private static readonly FusedSgdOptions Sgd = new() { Lr = 0.1 };
    private static readonly FusedSgdOptions Momentum = new() { Lr = 0.02, Momentum = 0.9 };
    private static readonly OptimizerConfig Hook = new();
    private static readonly GradientCumulativeOptimizerConfig Accumulating = new() { CumulativeIters = 3 };
    private static readonly GradientCumulativeFp16OptimizerConfig Scaling = new() { CumulativeIters = 3, GradClip = new GradClipConfig(0.05, 2) };
    private static readonly GradientCumulativeOptimizerConfig InPairs = new() { CumulativeIters = 2 };

    public static IReadOnlyList<RankCase> Of(bool onEngine)
    {
        LegacyTraining training = new(onEngine);
        return
        [
            JoinedCase.Of("Plain", training.Curve(Sgd, Hook)),
            JoinedCase.Of("Momentum", training.Curve(Momentum, Hook), training.Curve(Momentum with { Momentum = 0 }, Hook)),
            JoinedCase.Of("Accumulation", training.Curve(Sgd, Accumulating), training.Curve(Sgd, Hook)),
            JoinedCase.Of("Clipping", training.Curve(Sgd, new OptimizerConfig { GradClip = new GradClipConfig(0.05, 2) }), training.Curve(Sgd, Hook)),
            JoinedCase.Of("Loss_scaling", training.Curve(Sgd, Scaling), training.Curve(Sgd, Scaling with { GradClip = null })),
            JoinedCase.Of("A_parameter_that_some_ranks_use", training.Curve(Momentum, Hook, findsUnused: true, SpareUse.Rarely), training.Curve(Momentum, Hook)),
            JoinedCase.Of(
                "A_parameter_that_some_ranks_use_while_accumulating",
                training.Curve(Momentum, InPairs, findsUnused: true, SpareUse.Rarely),
                training.Curve(Momentum, InPairs)),
            JoinedCase.Of(
                "A_parameter_that_all_ranks_use_first_in_a_window",
                training.Curve(Momentum, InPairs, use: SpareUse.EveryOtherIteration),
                training.Curve(Momentum, Hook, use: SpareUse.EveryOtherIteration)),
            JoinedCase.Of(
                "A_parameter_whose_gradient_was_filled_with_zeros",
                training.Curve(Momentum, Hook, use: SpareUse.AtFirst, fillsWithZeros: true),
                training.Curve(Momentum, Hook, use: SpareUse.AtFirst)),
            JoinedCase.Of("A_model_that_steps_by_itself", training.Curve(Momentum, hook: null), training.Curve(Sgd, hook: null)),
            JoinedCase.Of("A_GAN_that_steps_by_itself", training.Gan(Sgd, Momentum), training.Gan(Sgd, Sgd)),
            new("An_unused_parameter_is_refused_on_all_ranks", collectives => Refuse(training.Curve(Momentum, Hook, use: SpareUse.AtFirst), collectives)),
            new(
                "A_parameter_that_is_unused_in_a_whole_window_is_refused_on_all_ranks",
                collectives => Refuse(training.Curve(Momentum, InPairs, use: SpareUse.AtFirst), collectives)),
        ];
    }

    private static void Refuse(Func<TrainingShare, double[][]> train, ICollectives collectives) =>
        JoinedCase.RequireRefusal(() => train(TrainingShare.Together(collectives)), collectives);
}
