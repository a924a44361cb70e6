using Compat.Adapters.Equivalence;

namespace Digits;

/// <summary>The three trainings and what they have in common.</summary>
internal sealed record DigitsComparison(DigitsResult Legacy, DigitsResult Migrating, DigitsResult Engine)
{
    public TraceComparison MigratingAgainstLegacy { get; } =
        TraceComparison.Of(Legacy.Trace, Migrating.Trace, ComparisonRules.LegacyAgainstMigrating);

    public TraceComparison EngineAgainstLegacy { get; } =
        TraceComparison.Of(Legacy.Trace, Engine.Trace, ComparisonRules.LegacyAgainstEngine);

    public IReadOnlyList<DigitsResult> Results => [Legacy, Migrating, Engine];

    public IReadOnlyList<TraceComparison> Comparisons => [MigratingAgainstLegacy, EngineAgainstLegacy];

    /// <summary>Gets what was looked at in any of the trainings.</summary>
    public IReadOnlyList<Observation> Observations =>
        [.. Comparisons.SelectMany(comparison => comparison.Verdicts).Select(verdict => verdict.Observation).Distinct()];

    public bool Holds => Comparisons.All(comparison => comparison.Agrees) && Results.All(result => result.Accuracy.Equals(Legacy.Accuracy));

    public TraceDifference? FirstDifference => Comparisons
        .Select(comparison => comparison.FirstDifference)
        .OfType<TraceDifference>()
        .OrderBy(difference => difference.Iteration)
        .FirstOrDefault();
}
