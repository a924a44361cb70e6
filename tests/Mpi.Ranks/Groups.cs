using Compat.Mpi.Ranks.Golden;
using Compat.Mpi.Ranks.Joined;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks;

/// <summary>The cases by the name of their group.</summary>
internal static class Groups
{
    /// <summary>What begins the names of groups whose cases end the program: what they throw is not caught.</summary>
    public const string Failing = "failing";

    /// <summary>Rank 1 ends its program with an error code, and rank 0 waits for it.</summary>
    public const string Returning = "failing_return";

    public static IEnumerable<RankCase> Of(string group, ICollectives collectives) => group switch
    {
        "collectives" => CollectivesCases.All,
        "validation" => GoldenCases.Validations(collectives),
        "reduce" => ReduceCases.Of(collectives),
        "engine" => EngineCases.All,
        "legacy" => LegacyCases.All,
        "whole_batch" => EngineJoinedCases.All,
        "stop" => StopCases.All,
        "evaluation" => EvaluationCases.All,
        "whole_batch_legacy" => LegacyJoinedCases.Of(onEngine: false),
        "whole_batch_migrating" => LegacyJoinedCases.Of(onEngine: true),
        "failing_engine" => [new("A_rank_that_fails_alone_ends_the_others", EngineCases.FailAlone)],
        "failing_legacy" => [new("A_rank_that_fails_alone_ends_the_others", LegacyCases.FailAlone)],
        "failing_short_engine" => [new("A_rank_whose_loader_ends_too_soon_ends_the_others", ShortCases.Engine)],
        "failing_short_legacy" => [new("A_rank_whose_loader_ends_too_soon_ends_the_others", ShortCases.Legacy)],
        "mmcv" => GoldenCases.Of("mmcv", collectives),
        GoldenCases.Migrating => GoldenCases.Of(GoldenCases.Migrating, collectives),
        "mmengine" => GoldenCases.Of("mmengine", collectives),
        "alone" => [new("There_is_one_process", Alone)],
        Returning => [new("A_rank_that_returns_an_error_alone_ends_the_others", WaitForRank1)],
        Failing => [new("A_rank_that_exits_alone_ends_the_others", ExitAlone)],
        _ => throw new ArgumentException($"There is no group '{group}' for {collectives.Rank.WorldSize} ranks."),
    };

    private static void Alone(ICollectives collectives)
    {
        collectives.Rank.Should().Be(new ProcessRank(0, 1));
        collectives.Barrier();
        collectives.AllGather([1, 2]).Should().ContainSingle().Which.Should().Equal(1, 2);
    }

    private static void WaitForRank1(ICollectives collectives)
    {
        if (collectives.Rank.Rank == 0)
        {
            collectives.Barrier();
        }
    }

    private static void ExitAlone(ICollectives collectives)
    {
        if (collectives.Rank.Rank == 1)
        {
            Environment.Exit(3);
        }

        collectives.Barrier();
    }
}
