using Compat.Engine.Evaluation;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The metric of the golden runs: the mean of what each sample gives, and the numbers of the samples in the order in which they are counted.</summary>
internal sealed class OrderMetric(bool perBatch = false) : BaseMetric("val")
{
    protected override bool KeepsOneItemPerBatch => perBatch;

    public override void Process(DataBatch batch, DataBatch predictions)
    {
        Tensor scores = ((GoldenBatch)predictions).X;
        if (perBatch)
        {
            KeepOne(scores.mean(), tensor((long)batch.Indices[0]));
        }
        else
        {
            Keep(scores, tensor([.. batch.Indices.Select(index => (long)index)]));
        }
    }

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) => new Dictionary<string, MetricValue>
    {
        ["mean"] = items.Count == 0 ? -1 : items.Column(0).data<float>().ToArray().Average(value => (double)value),
        ["order"] = items.Column(1).data<long>().ToArray().Select(value => (double)value).ToArray(),
    };
}
