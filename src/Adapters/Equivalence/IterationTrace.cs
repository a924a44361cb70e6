namespace Compat.Adapters.Equivalence;

/// <summary>Everything that was observed in one iteration.</summary>
public sealed record IterationTrace
{
    /// <summary>Gets the iteration, counted from 1.</summary>
    public required int Iteration { get; init; }

    /// <summary>Gets the positions in the dataset of the batch's samples.</summary>
    public required IReadOnlyList<int> BatchIndices { get; init; }

    /// <summary>Gets the learning rate of the first group with which the weights were updated.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Gets the loss that was trained on.</summary>
    public required double Loss { get; init; }

    /// <summary>Gets the log values of this iteration alone, not averaged, by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, double>> LogValues { get; init; }

    /// <summary>Gets the parameters after the update, by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, TensorSnapshot>> Weights { get; init; }

    /// <summary>Gets the buffers after the iteration, by name.</summary>
    public required IReadOnlyList<KeyValuePair<string, TensorSnapshot>> Buffers { get; init; }
}
