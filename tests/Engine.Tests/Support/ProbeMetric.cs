using Compat.Engine.Evaluation;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>A metric that keeps the scores it gets, and gives their mean, their number and all of them in order.</summary>
internal sealed class ProbeMetric(string? prefix = null, string? defaultPrefix = null, bool perBatch = false) : BaseMetric(prefix)
{
    public Func<MetricItems, IReadOnlyDictionary<string, MetricValue>>? Compute { get; init; }

    public int Computed { get; private set; }

    protected override string? DefaultPrefix => defaultPrefix;

    protected override bool KeepsOneItemPerBatch => perBatch;

    public override void Process(DataBatch batch, DataBatch predictions)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = ((ScoreBatch)predictions).Scores;
        if (perBatch)
        {
            KeepOne(scores.sum());
        }
        else
        {
            Keep(scores);
        }
    }

    /// <summary>Takes in scores, batch by batch.</summary>
    public void Process(params float[][] batches)
    {
        foreach (float[] scores in batches)
        {
            using DisposeScope scope = NewDisposeScope();
            ScoreBatch predictions = new(tensor(scores));
            Process(predictions, predictions);
        }
    }

    /// <summary>Keeps what it is given.</summary>
    public void KeepRows(params Tensor[] columns) => Keep(columns);

    public void KeepSingle(params Tensor[] tensors) => KeepOne(tensors);

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items)
    {
        Computed++;
        if (Compute is not null)
        {
            return Compute(items);
        }

        double[] order = [.. items.Column(0).data<float>().ToArray().Select(value => (double)value)];
        return new Dictionary<string, MetricValue>
        {
            ["mean"] = order.Length == 0 ? MetricValue.None : order.Average(),
            ["count"] = items.Count,
            ["order"] = order,
        };
    }
}
