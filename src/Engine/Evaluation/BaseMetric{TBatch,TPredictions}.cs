using Compat.Torch.Data;

namespace Compat.Engine.Evaluation;

/// <summary>A metric for one type of batch and one type of predictions: it implements <see cref="Process(TBatch, TPredictions)"/>.</summary>
/// <typeparam name="TBatch">The record of tensors that the loader gives.</typeparam>
/// <typeparam name="TPredictions">What the model predicts.</typeparam>
/// <param name="prefix">
/// What the names of the values start with, as <c>prefix/name</c>; <see langword="null"/>, the default, or an empty text for the metric's own default.
/// </param>
/// <example><code>
/// sealed class MeanError() : BaseMetric&lt;MyBatch, MyPredictions&gt;
/// {
///     protected override void Process(MyBatch batch, MyPredictions predictions) => Keep((predictions.Value - batch.Value).abs());
///
///     protected override IReadOnlyDictionary&lt;string, MetricValue&gt; ComputeMetrics(MetricItems items) =>
///         new Dictionary&lt;string, MetricValue&gt; { ["mae"] = items.Column(0).mean().item&lt;float&gt;() };
/// }
/// </code></example>
public abstract class BaseMetric<TBatch, TPredictions>(string? prefix = null) : BaseMetric(prefix)
    where TBatch : DataBatch
    where TPredictions : DataBatch
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch or the predictions are of another type.</exception>
    public sealed override void Process(DataBatch batch, DataBatch predictions) => Process(
        Typed<TBatch>(batch, "batches", "the loader"),
        Typed<TPredictions>(predictions, "predictions", "the model"));

    /// <summary>Takes in one batch.</summary>
    /// <param name="batch">The batch as it came from the loader. Borrowed.</param>
    /// <param name="predictions">What the model predicted for it. Borrowed.</param>
    protected abstract void Process(TBatch batch, TPredictions predictions);

    private T Typed<T>(DataBatch data, string what, string giver)
        where T : DataBatch => data as T
            ?? throw new ArgumentException(
                $"{Name} expects {what} of type {NameOf(typeof(T))}, but {giver} gave {(data is null ? "null" : NameOf(data.GetType()))}. "
                + $"Let {giver} give {NameOf(typeof(T))}, or make the metric for the other type.",
                nameof(data));

    private static string NameOf(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : type.Name;
}
