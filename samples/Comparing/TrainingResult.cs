using Compat.Adapters.Equivalence;

namespace Comparing;

/// <summary>What came out of one training.</summary>
/// <param name="Trace">What was observed at every iteration.</param>
/// <param name="Seconds">How long it took, the recording included.</param>
/// <param name="Score">How good the model is in the end; <see langword="null"/> if no number says it.</param>
internal sealed record TrainingResult(TrainingTrace Trace, double Seconds, Score? Score)
{
    public string Name => Trace.Name;
}
