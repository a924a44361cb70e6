using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/Joined/EngineJoinedCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class WholeBatchTests : RankCaseTests<WholeBatchTests>, IRankCases
{
    public static string Group => "whole_batch";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Plain_trains_as_one_process_on_the_whole_batch",
        "Momentum_trains_as_one_process_on_the_whole_batch",
        "Adam_trains_as_one_process_on_the_whole_batch",
        "Accumulation_trains_as_one_process_on_the_whole_batch",
        "Clipping_trains_as_one_process_on_the_whole_batch",
        "Loss_scaling_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_some_ranks_use_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_some_ranks_use_while_accumulating_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_all_ranks_use_once_in_a_window_trains_as_one_process_on_the_whole_batch",
        "A_parameter_whose_gradient_was_filled_with_zeros_trains_as_one_process_on_the_whole_batch",
        "A_GAN_with_separate_wrappers_trains_as_one_process_on_the_whole_batch",
        "A_wrapper_with_two_updates_trains_as_one_process_on_the_whole_batch",
        "A_wrapper_with_two_updates_and_accumulation_trains_as_one_process_on_the_whole_batch",
        "Some_ranks_use_the_spare_layer_and_in_some_iterations_none",
        "An_unused_parameter_is_refused_on_all_ranks",
        "A_parameter_that_is_unused_in_a_whole_window_is_refused_on_all_ranks",
    ];
}
