using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Evaluation;

/// <summary>Several metrics that look at the same predictions.</summary>
/// <remarks>Source: MMEngine <c>Evaluator</c>.</remarks>
/// <param name="metrics">The metrics; the evaluator takes them over.</param>
public sealed class Evaluator(params IReadOnlyList<BaseMetric> metrics) : IDisposable
{
    /// <summary>Gets the metrics.</summary>
    public IReadOnlyList<BaseMetric> Metrics { get; } = metrics;

    /// <summary>Takes in one batch.</summary>
    /// <param name="batch">The batch as it came from the loader. Borrowed.</param>
    /// <param name="predictions">What the model predicted for it. Borrowed.</param>
    public void Process(DataBatch batch, DataBatch predictions)
    {
        foreach (BaseMetric metric in Metrics)
        {
            metric.Process(batch, predictions);
        }
    }

    /// <summary>Computes the values of all metrics, and forgets what was taken in. All processes call it together.</summary>
    /// <param name="size">The number of samples in the dataset, at least 0.</param>
    /// <param name="collectives">The processes that evaluate together; <see langword="null"/>, the default, for this one alone.</param>
    /// <param name="logger">Where warnings go; <see langword="null"/>, the default, for nowhere.</param>
    /// <returns>The values by name, in the order of the metrics; the same in every process.</returns>
    /// <exception cref="InvalidOperationException">Two metrics give the same name, or a metric cannot be computed.</exception>
    public IReadOnlyDictionary<string, MetricValue> Evaluate(int size, ICollectives? collectives = null, ILogger? logger = null)
    {
        OrderedDictionary<string, MetricValue> all = [];
        foreach ((string name, MetricValue value) in Metrics.SelectMany(metric => metric.Evaluate(size, collectives, logger)))
        {
            if (!all.TryAdd(name, value))
            {
                throw new InvalidOperationException($"Two metrics give a value named '{name}'. Give one of them a prefix.");
            }
        }

        return all;
    }

    /// <summary>Forgets everything taken in.</summary>
    public void Reset()
    {
        foreach (BaseMetric metric in Metrics)
        {
            metric.Reset();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BaseMetric metric in Metrics)
        {
            metric.Dispose();
        }
    }
}
