using Compat.TestSupport;

namespace Compat.Engine.Tests.Distributed;

/// <summary>The cases are in <c>tests/Mpi.Ranks/Joined/EvaluationCases.cs</c>; the ranks are started once for all of them.</summary>
public sealed class EvaluationOfSeveralProcessesTests : RankCaseTests<EvaluationOfSeveralProcessesTests>, IRankCases
{
    public static string Group => "evaluation";

    public static IReadOnlyList<string> Names { get; } =
    [
        "Each_sample_counts_once_where_the_sampler_repeats_some",
        "Each_sample_counts_once_where_shares_differ",
        "More_samples_are_evaluated_than_there_are",
    ];
}
