using Compat.Torch;
using Compat.Torch.Data;
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
    : BaseMetric(prefix)
    where TBatch : DataBatch
    where TPredictions : DataBatch
{
    // One entry per sample, kept on its device: reading here would make a GPU wait in every iteration.
    private readonly List<StateTensor> hits = [];

    /// <inheritdoc/>
    public override void Process(DataBatch batch, DataBatch predictions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor best = scores(Typed<TPredictions>(predictions)).argmax(1);
        hits.Add(new StateTensor(best.eq(labels(Typed<TBatch>(batch)).to(best.device))));
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        hits.ForEach(hit => hit.Dispose());
        hits.Clear();
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> ComputeMetrics(int size)
    {
        if (hits.Count == 0)
        {
            throw new InvalidOperationException("The accuracy of nothing was asked for. Process at least one batch before evaluating.");
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor all = cat([.. hits.Select(hit => hit.Value)]);
        long count = Math.Min(size, all.shape[0]);
        return new Dictionary<string, double> { ["accuracy"] = all.narrow(0, 0, count).sum().item<long>() / (double)count };
    }

    private static T Typed<T>(DataBatch data)
        where T : DataBatch => data as T
            ?? throw new ArgumentException($"The accuracy expects {typeof(T).Name}, but got {data?.GetType().Name ?? "null"}.", nameof(data));
}
