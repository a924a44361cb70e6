namespace Compat.Adapters.Equivalence;

/// <summary>Where two trainings differ for the first time.</summary>
/// <param name="Iteration">The iteration, counted from 1.</param>
/// <param name="Observation">What differs.</param>
/// <param name="Text">Which value, and both values.</param>
public sealed record TraceDifference(int Iteration, Observation Observation, string Text)
{
    /// <summary>Prints the difference in one line.</summary>
    /// <returns>For example <c>iteration 17, weights, conv1.weight: 0.0123 against 0.0125</c>.</returns>
    public override string ToString() => $"iteration {Iteration}, {Observation.Words}, {Text}";
}
