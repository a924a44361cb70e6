namespace Compat.Engine.Hooks.Arguments;

/// <summary>What a hook is told after a validation.</summary>
public readonly struct AfterValEpochArguments
{
    internal AfterValEpochArguments(IReadOnlyDictionary<string, double> metrics) => Metrics = metrics;

    /// <summary>Gets the value of each metric, by name.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; }
}
