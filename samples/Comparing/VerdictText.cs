using Compat.Adapters.Equivalence;

namespace Comparing;

/// <summary>Verdicts in words, for the console and the report.</summary>
internal static class VerdictText
{
    public static string Of(TraceComparison comparison, Verdict verdict)
    {
        if (verdict.FirstDifference is { } difference)
        {
            return $"differs from iteration {difference.Iteration} on ({difference.Text})";
        }

        string exactness = verdict.Allowed == 0 ? "bit for bit" : $"within {comparison.Rules.UlpsOf(verdict.Observation)} units in the last place";
        return $"equal in {verdict.Iterations} iterations, {exactness}";
    }
}
