using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/Joined/EvaluationCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class EvaluationOfSeveralProcessesTests
{
    private const string Group = "evaluation";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Each_sample_counts_once_where_the_sampler_repeats_some",
        "Each_sample_counts_once_where_shares_differ",
        "More_samples_are_evaluated_than_there_are",
    ];

    public static IEnumerable<object[]> Cases => ((int[])[2, 4]).SelectMany(ranks => Names.Select(name => new object[] { ranks, name }));

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_agree_on(int ranks, string name) => MpiRun.Of(Group, ranks).ShouldHavePassed(name);

    [MpiFact]
    public void Every_case_of_the_ranks_is_asked_for() => MpiRun.Of(Group, 2).Cases.Should().BeEquivalentTo(Names);
}
