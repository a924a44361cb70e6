using Compat.Torch.Data;

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

    /// <summary>Computes the numbers of all metrics, and forgets what was taken in.</summary>
    /// <param name="size">The number of samples in the dataset.</param>
    /// <returns>The numbers by name, in the order of the metrics.</returns>
    /// <exception cref="InvalidOperationException">Two metrics give the same name.</exception>
    public IReadOnlyDictionary<string, double> Evaluate(int size)
    {
        OrderedDictionary<string, double> all = [];
        foreach ((string name, double value) in Metrics.SelectMany(metric => metric.Evaluate(size)))
        {
            if (!all.TryAdd(name, value))
            {
                throw new InvalidOperationException($"Two metrics give a value named '{name}'. Give one of them a prefix.");
            }
        }

        return all;
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
