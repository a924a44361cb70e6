using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/StopCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class StopOfSeveralProcessesTests : RankCaseTests<StopOfSeveralProcessesTests>, IRankCases
{
    public static string Group => "stop";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Without_a_wish_all_train_to_the_end",
        "A_request_stops_all_with_the_next_update",
        "A_request_stops_a_loop_by_iteration_with_the_next_update",
        "A_request_waits_for_the_end_of_a_window_of_accumulation",
        "A_request_before_training_lets_nobody_train",
        "StopTraining_ends_all_with_the_epoch",
        "StopTraining_ends_a_loop_by_iteration_with_the_next_update",
        "StopTraining_after_a_validation_ends_all_at_once",
        "A_request_stops_an_old_trainer_on_the_engine",
        "A_request_stops_an_old_trainer_whose_model_steps_by_itself",
        "StopTraining_ends_an_old_trainer_on_the_engine",
    ];
}
