using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/WholeBatchCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class WholeBatchTests
{
    private const string Group = "whole_batch";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Plain_trains_as_one_process_on_the_whole_batch",
        "Momentum_trains_as_one_process_on_the_whole_batch",
        "Adam_trains_as_one_process_on_the_whole_batch",
        "Accumulation_trains_as_one_process_on_the_whole_batch",
        "Clipping_trains_as_one_process_on_the_whole_batch",
        "Shares_alone_train_otherwise",
    ];

    public static IEnumerable<object[]> Cases => ((int[])[2, 4]).SelectMany(ranks => Names.Select(name => new object[] { ranks, name }));

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_agree_on(int ranks, string name) => MpiRun.Of(Group, ranks).ShouldHavePassed(name);

    [MpiFact]
    public void Every_case_of_the_ranks_is_asked_for() => MpiRun.Of(Group, 2).Cases.Should().BeEquivalentTo(Names);
}
