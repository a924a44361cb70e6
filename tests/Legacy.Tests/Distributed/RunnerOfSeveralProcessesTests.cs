using Compat.TestSupport;

namespace Compat.Legacy.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/LegacyCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class RunnerOfSeveralProcessesTests : RankCaseTests<RunnerOfSeveralProcessesTests>, IRankCases
{
    public static string Group => "legacy";

    public static IReadOnlyList<string> Names { get; } =
    [
        "The_runner_finds_the_processes_of_its_wrapped_model",
        "A_model_that_steps_by_itself_stays_the_same_on_all_ranks",
        "A_model_that_steps_by_itself_needs_an_optimizer_of_ours",
        "The_log_is_that_of_rank_0",
        "Rank_and_number_are_asked_as_in_mmcv",
    ];

    [MpiFact]
    public void A_rank_that_fails_alone_ends_the_others() =>
        MpiRun.Of("failing_legacy", 2).ShouldHaveFailed("Process 1 of 2 ends all processes: FormatException: This rank cannot go on.");

    [MpiFact]
    public void A_rank_whose_loader_ends_too_soon_ends_the_others() =>
        MpiRun.Of("failing_short_legacy", 2).ShouldHaveFailed("The loader of process 1 gave 2 batches instead of the 4 that it had announced");
}
