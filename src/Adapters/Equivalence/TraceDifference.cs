namespace Compat.Adapters.Equivalence;

/// <summary>Where two trainings differ for the first time.</summary>
/// <param name="Iteration">The iteration, counted from 1.</param>
/// <param name="Observation">What differs.</param>
/// <param name="Text">Which value, and both values.</param>
public sealed record TraceDifference(int Iteration, Observation Observation, string Text)
{
    /// <summary>Prints the difference in one line.</summary>
    /// <returns>For example <c>iteration 17, weights, conv1.weight: 0.0123 against 0.0125</c>.</returns>
    public override string ToString() => $"iteration {Iteration}, {Words(Observation)}, {Text}";

    /// <summary>Names an observation in words.</summary>
    /// <param name="observation">The observation.</param>
    /// <returns>For example <c>log values</c>.</returns>
    public static string Words(Observation observation) => observation switch
    {
        Observation.BatchIndices => "batch indices",
        Observation.LearningRate => "learning rate",
        Observation.LogValues => "log values",
        _ => observation.ToString().ToLowerInvariant(),
    };
}
