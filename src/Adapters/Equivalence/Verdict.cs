namespace Compat.Adapters.Equivalence;

/// <summary>Whether one observation agreed throughout two trainings.</summary>
/// <param name="Observation">What was compared.</param>
/// <param name="Iterations">In how many iterations it was compared.</param>
/// <param name="FirstDifference">The first difference; <see langword="null"/> if there is none.</param>
public sealed record Verdict(Observation Observation, int Iterations, TraceDifference? FirstDifference)
{
    /// <summary>Gets whether the observation agreed in every iteration.</summary>
    public bool Agrees => FirstDifference is null;
}
