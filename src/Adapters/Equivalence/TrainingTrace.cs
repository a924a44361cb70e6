namespace Compat.Adapters.Equivalence;

/// <summary>What was observed in a training, iteration by iteration.</summary>
/// <param name="Name">Which training it was, for example <c>legacy</c>.</param>
/// <param name="Iterations">The iterations, in order.</param>
public sealed record TrainingTrace(string Name, IReadOnlyList<IterationTrace> Iterations);
