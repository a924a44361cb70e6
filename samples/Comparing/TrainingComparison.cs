using Compat.Adapters.Equivalence;

namespace Comparing;

/// <summary>The three trainings and what they have in common.</summary>
/// <param name="Legacy">The old trainer.</param>
/// <param name="Migrating">The old trainer on the engine.</param>
/// <param name="Engine">The ported trainer.</param>
/// <param name="EngineRules">How far the ported one may differ; <see langword="null"/>, the default, for the usual rules.</param>
internal sealed record TrainingComparison(TrainingResult Legacy, TrainingResult Migrating, TrainingResult Engine, ComparisonRules? EngineRules = null)
{
    public TraceComparison MigratingAgainstLegacy { get; } =
        TraceComparison.Of(Legacy.Trace, Migrating.Trace, ComparisonRules.LegacyAgainstMigrating);

    public TraceComparison EngineAgainstLegacy { get; } =
        TraceComparison.Of(Legacy.Trace, Engine.Trace, EngineRules ?? ComparisonRules.LegacyAgainstEngine);

    public IReadOnlyList<TrainingResult> Results => [Legacy, Migrating, Engine];

    public IReadOnlyList<TraceComparison> Comparisons => [MigratingAgainstLegacy, EngineAgainstLegacy];

    /// <summary>Gets what was looked at in any of the trainings.</summary>
    public IReadOnlyList<Observation> Observations =>
        [.. Comparisons.SelectMany(comparison => comparison.Verdicts).Select(verdict => verdict.Observation).Distinct()];

    public bool Holds => Comparisons.All(comparison => comparison.Agrees) && Results.All(result => result.Score == Legacy.Score);

    public TraceDifference? FirstDifference => Comparisons
        .Select(comparison => comparison.FirstDifference)
        .OfType<TraceDifference>()
        .OrderBy(difference => difference.Iteration)
        .FirstOrDefault();
}
