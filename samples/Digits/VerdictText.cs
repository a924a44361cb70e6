using Compat.Adapters.Equivalence;

namespace Digits;

/// <summary>Verdicts in words, for the console and the report.</summary>
internal static class VerdictText
{
    public static string Of(TraceComparison comparison, Verdict verdict)
    {
        if (verdict.FirstDifference is { } difference)
        {
            return $"differs from iteration {difference.Iteration} on ({difference.Text})";
        }

        bool isLrOfEngine = verdict.Observation == Observation.LearningRate && comparison.Candidate.Name == "engine";
        return $"equal in {verdict.Iterations} iterations, {(isLrOfEngine ? "within 2 units in the last place" : "bit for bit")}";
    }
}
