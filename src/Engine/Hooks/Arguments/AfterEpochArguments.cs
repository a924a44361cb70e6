using Compat.Engine.Evaluation;

namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after an epoch of any kind.</summary>
public readonly struct AfterEpochArguments
{
    internal AfterEpochArguments(AfterValEpochArguments arguments) => Metrics = arguments.Metrics;

    internal AfterEpochArguments(AfterTestEpochArguments arguments) => Metrics = arguments.Metrics;

    /// <summary>Gets the value of each metric, by name.</summary>
    /// <value><see langword="null"/> in training.</value>
    public IReadOnlyDictionary<string, MetricValue>? Metrics { get; }
}
