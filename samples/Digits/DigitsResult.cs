using Compat.Adapters.Equivalence;

namespace Digits;

/// <summary>What came out of one training.</summary>
internal sealed record DigitsResult(TrainingTrace Trace, double Accuracy, double Seconds)
{
    public string Name => Trace.Name;
}
