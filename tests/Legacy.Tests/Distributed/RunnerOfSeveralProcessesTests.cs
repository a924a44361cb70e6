using Compat.TestSupport;

namespace Compat.Legacy.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/LegacyCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class RunnerOfSeveralProcessesTests
{
    private const string Group = "legacy";

    public static IReadOnlyList<string> Names { get; } =
    [
        "The_runner_finds_the_processes_of_its_wrapped_model",
        "A_model_that_steps_by_itself_stays_the_same_on_all_ranks",
        "A_model_that_steps_by_itself_needs_an_optimizer_of_ours",
        "The_log_is_that_of_rank_0",
        "Rank_and_number_are_asked_as_in_mmcv",
    ];

    public static IEnumerable<object[]> Cases => ((int[])[2, 4]).SelectMany(ranks => Names.Select(name => new object[] { ranks, name }));

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_agree_on(int ranks, string name) => MpiRun.Of(Group, ranks).ShouldHavePassed(name);

    [MpiFact]
    public void Every_case_of_the_ranks_is_asked_for() => MpiRun.Of(Group, 2).Cases.Should().BeEquivalentTo(Names);

    [MpiFact]
    public void A_rank_that_fails_alone_ends_the_others()
    {
        MpiRun run = MpiRun.Of("failing_legacy", 2);
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain("Process 1 of 2 ends all processes: FormatException: This rank cannot go on.");
    }

    [MpiFact]
    public void A_rank_whose_loader_ends_too_soon_ends_the_others()
    {
        MpiRun run = MpiRun.Of("failing_short_legacy", 2);
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain("The loader of process 1 gave 2 batches instead of the 4 that it had announced");
    }
}
