using Compat.Adapters.Equivalence;

namespace Compat.Adapters.Tests.Support;

/// <summary>Checks that two trainings were the same bit for bit.</summary>
internal static class Same
{
    public static void Should(TrainingTrace legacy, TrainingTrace engine)
    {
        TraceComparison comparison = TraceComparison.Of(legacy, engine, ComparisonRules.LegacyAgainstMigrating);
        comparison.FirstDifference?.ToString().Should().BeNull();
        comparison.Agrees.Should().BeTrue();
    }
}
