using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/EngineCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class RunnerOfSeveralProcessesTests
{
    private const string Group = "engine";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Different_models_are_one_error_on_all_ranks",
        "An_error_of_all_ranks_is_an_ordinary_exception",
        "Without_a_wrapper_the_runner_chooses_one",
        "The_log_and_the_files_are_those_of_rank_0",
        "A_model_wrapped_for_other_processes_is_refused",
        "A_launcher_and_other_collectives_are_refused",
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
        MpiRun run = MpiRun.Of("failing_engine", 2);
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain("Process 1 of 2 ends all processes: FormatException: This rank cannot go on.");
    }

    [MpiFact]
    public void A_rank_whose_loader_ends_too_soon_ends_the_others()
    {
        MpiRun run = MpiRun.Of("failing_short_engine", 2);
        run.ExitCode.Should().NotBe(0);
        run.Output.Should().Contain("The loader of process 1 gave 2 batches instead of the 4 that it had announced");
    }
}
