using Compat.Api.Tests.Support;
using Compat.Engine.Evaluation;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own metric: the mean distance of the predictions.</summary>
internal sealed class MeanError() : BaseMetric<PointBatch, PointBatch>("line")
{
    protected override void Process(PointBatch batch, PointBatch predictions) => Keep((predictions.Y - batch.Y).abs());

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) =>
        new Dictionary<string, MetricValue> { ["mae"] = items.Column(0).mean().to(ScalarType.Float64).item<double>(), ["count"] = items.Count };
}
