using Compat.Torch.Data;
using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Evaluation;

/// <summary>The share of samples whose highest score belongs to their label, logged as <c>accuracy</c>, from 0 to 1.</summary>
/// <typeparam name="TBatch">The type of the batches.</typeparam>
/// <typeparam name="TPredictions">The type of the predictions.</typeparam>
/// <param name="labels">Finds the labels in a batch: whole numbers, shape N.</param>
/// <param name="scores">Finds the scores in the predictions: shape N×classes.</param>
/// <param name="prefix">What the name starts with; <see langword="null"/>, the default, for nothing.</param>
public sealed class Accuracy<TBatch, TPredictions>(Func<TBatch, Tensor> labels, Func<TPredictions, Tensor> scores, string? prefix = null)
    : BaseMetric<TBatch, TPredictions>(prefix)
    where TBatch : DataBatch
    where TPredictions : DataBatch
{
    /// <inheritdoc/>
    protected override void Process(TBatch batch, TPredictions predictions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor best = scores(predictions).argmax(1);
        Keep(best.eq(labels(batch).to(best.device)));
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Nothing was kept.</exception>
    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0)
        {
            throw new InvalidOperationException(
                "The accuracy of nothing was asked for. Process at least one batch before evaluating; in a loop, let the model's ValStep return predictions.");
        }

        return new Dictionary<string, MetricValue> { ["accuracy"] = HostRead.Number<long>(items.Column(0).sum()) / (double)items.Count };
    }
}
