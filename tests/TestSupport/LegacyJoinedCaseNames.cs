namespace Compat.TestSupport;

/// <summary>The names of <c>tests/Mpi.Ranks/Joined/LegacyJoinedCases.cs</c>, which run on the old runner and on the engine.</summary>
public static class LegacyJoinedCaseNames
{
    public static IReadOnlyList<string> All { get; } =
    [
        "Plain_trains_as_one_process_on_the_whole_batch",
        "Momentum_trains_as_one_process_on_the_whole_batch",
        "Accumulation_trains_as_one_process_on_the_whole_batch",
        "Clipping_trains_as_one_process_on_the_whole_batch",
        "Loss_scaling_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_some_ranks_use_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_some_ranks_use_while_accumulating_trains_as_one_process_on_the_whole_batch",
        "A_parameter_that_all_ranks_use_first_in_a_window_trains_as_one_process_on_the_whole_batch",
        "A_parameter_whose_gradient_was_filled_with_zeros_trains_as_one_process_on_the_whole_batch",
        "A_model_that_steps_by_itself_trains_as_one_process_on_the_whole_batch",
        "A_GAN_that_steps_by_itself_trains_as_one_process_on_the_whole_batch",
        "An_unused_parameter_is_refused_on_all_ranks",
        "A_parameter_that_is_unused_in_a_whole_window_is_refused_on_all_ranks",
    ];
}
