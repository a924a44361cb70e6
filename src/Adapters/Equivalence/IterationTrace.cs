namespace Compat.Adapters.Equivalence;

/// <summary>Everything that was observed in one iteration, stage by stage.</summary>
/// <remarks>A stage may be absent: an accumulating trainer has gradients only where it updates, a GAN has no single loss.</remarks>
/// <param name="Number">The iteration, counted from 1.</param>
/// <param name="Stages">The stages, in the order in which a difference usually spreads. Each observation occurs once.</param>
public sealed record IterationTrace(int Number, IReadOnlyList<TraceStage> Stages)
{
    /// <summary>Gets the positions in the dataset of the batch's samples.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public IReadOnlyList<long> BatchIndices => ((TraceIntegers)this[Observation.Batch]["indices"]).Values;

    /// <summary>Gets the learning rate of the first group of the first optimizer.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public double LearningRate => this[Observation.LearningRate].Numbers[0].Value;

    /// <summary>Gets the loss that was trained on.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public double Loss => this[Observation.Loss].Numbers[0].Value;

    /// <summary>Gets the log values of this iteration alone, not averaged, by name.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public IReadOnlyList<KeyValuePair<string, double>> LogValues => this[Observation.LogValues].Numbers;

    /// <summary>Gets the parameters after the update, by name.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public IReadOnlyList<KeyValuePair<string, TensorSnapshot>> Weights => this[Observation.Weights].Tensors;

    /// <summary>Gets the buffers after the iteration, by name.</summary>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public IReadOnlyList<KeyValuePair<string, TensorSnapshot>> Buffers => this[Observation.Buffers].Tensors;

    /// <summary>Gets a stage.</summary>
    /// <param name="observation">What was looked at.</param>
    /// <exception cref="KeyNotFoundException">The stage is absent.</exception>
    public TraceStage this[Observation observation] => Find(observation)
        ?? throw new KeyNotFoundException(
            $"Iteration {Number} has no stage '{observation}'. Stages present: {string.Join(", ", Stages.Select(stage => stage.Observation))}.");

    /// <summary>Looks for a stage.</summary>
    /// <param name="observation">What was looked at.</param>
    /// <returns>The stage; <see langword="null"/> if it is absent.</returns>
    public TraceStage? Find(Observation observation) => Stages.FirstOrDefault(stage => stage.Observation == observation);

    /// <summary>Replaces a stage in its place, or adds it behind the others.</summary>
    /// <param name="stage">The stage.</param>
    /// <returns>A new trace of the iteration.</returns>
    public IterationTrace With(TraceStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return Find(stage.Observation) is { } old
            ? this with { Stages = [.. Stages.Select(one => ReferenceEquals(one, old) ? stage : one)] }
            : this with { Stages = [.. Stages, stage] };
    }
}
