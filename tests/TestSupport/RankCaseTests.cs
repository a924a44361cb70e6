using System.Diagnostics.CodeAnalysis;

namespace Compat.TestSupport;

/// <summary>Asks for each case of a group, in 2 and in 4 processes. The ranks are started once for all of them.</summary>
/// <typeparam name="TCases">The group: the derived class itself.</typeparam>
public abstract class RankCaseTests<TCases>
    where TCases : IRankCases
{
    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "Only xunit asks for it.")]
    public static IEnumerable<object[]> Cases => ((int[])[2, 4]).SelectMany(ranks => TCases.Names.Select(name => new object[] { ranks, name }));

    [MpiTheory]
    [MemberData(nameof(Cases))]
    public void Ranks_agree_on(int ranks, string name) => MpiRun.Of(TCases.Group, ranks).ShouldHavePassed(name);

    [MpiFact]
    public void Every_case_of_the_ranks_is_asked_for() => MpiRun.Of(TCases.Group, 2).Cases.Should().BeEquivalentTo(TCases.Names);
}
