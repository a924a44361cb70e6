using Compat.Engine.Evaluation;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after a test.</summary>
public readonly struct AfterTestEpochArguments
{
    internal AfterTestEpochArguments(IReadOnlyDictionary<string, MetricValue> metrics) => Metrics = metrics;

    /// <summary>Gets the values by name: those of the metrics, then the means of the losses and <c>test_loss</c>, if the model returned losses.</summary>
    public IReadOnlyDictionary<string, MetricValue> Metrics { get; }
}
