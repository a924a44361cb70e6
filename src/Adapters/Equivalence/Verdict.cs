namespace Compat.Adapters.Equivalence;

/// <summary>Whether one observation agreed throughout two trainings.</summary>
/// <param name="Observation">What was compared.</param>
/// <param name="Iterations">In how many iterations there was something to compare: both trainings have the stage, with at least one value.</param>
/// <param name="FirstDifference">The first difference; <see langword="null"/> if there is none.</param>
/// <param name="Allowed">How many values were not the same to the last bit, and count as the same by the rules.</param>
public sealed record Verdict(Observation Observation, int Iterations, TraceDifference? FirstDifference, int Allowed)
{
    /// <summary>Gets whether the observation agreed in every iteration.</summary>
    public bool Agrees => FirstDifference is null;
}
