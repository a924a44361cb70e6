using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/EngineCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class RunnerOfSeveralProcessesTests : RankCaseTests<RunnerOfSeveralProcessesTests>, IRankCases
{
    public static string Group => "engine";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Different_models_are_one_error_on_all_ranks",
        "An_error_of_all_ranks_is_an_ordinary_exception",
        "Without_a_wrapper_the_runner_chooses_one",
        "The_log_and_the_files_are_those_of_rank_0",
        "A_model_wrapped_for_other_processes_is_refused",
        "A_launcher_and_other_collectives_are_refused",
    ];

    [MpiFact]
    public void A_rank_that_fails_alone_ends_the_others() =>
        MpiRun.Of("failing_engine", 2).ShouldHaveFailed("Process 1 of 2 ends all processes: FormatException: This rank cannot go on.");

    [MpiFact]
    public void A_rank_whose_loader_ends_too_soon_ends_the_others() =>
        MpiRun.Of("failing_short_engine", 2).ShouldHaveFailed("The loader of process 1 gave 2 batches instead of the 4 that it had announced");
}
