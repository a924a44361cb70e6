using Compat.Engine.Evaluation;
using Compat.TestSupport.Toy;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>The mean error, how many samples were counted, and which, in their order.</summary>
internal sealed class CurveMetric : BaseMetric<ToyBatch, ToyBatch>
{
    protected override void Process(ToyBatch batch, ToyBatch predictions) =>
        Keep((predictions.Label - batch.Label.narrow(1, 0, 1)).abs(), tensor([.. batch.Indices.Select(index => (long)index)]));

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) => new Dictionary<string, MetricValue>
    {
        ["mae"] = items.Column(0).data<float>().ToArray().Average(error => (double)error),
        ["count"] = items.Count,
        ["order"] = items.Column(1).data<long>().ToArray().Select(index => (double)index).ToArray(),
    };
}
