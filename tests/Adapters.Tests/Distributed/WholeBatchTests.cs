using Compat.TestSupport;

namespace Compat.Adapters.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/Joined/LegacyJoinedCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class WholeBatchTests : RankCaseTests<WholeBatchTests>, IRankCases
{
    public static string Group => "whole_batch_migrating";

    public static IReadOnlyList<string> Names => LegacyJoinedCaseNames.All;
}
