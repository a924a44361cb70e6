using Compat.Engine.Evaluation;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>The mean distance between prediction and label.</summary>
internal sealed class MeanDistance() : BaseMetric<ToyBatch, SampleList<ToyPrediction>>
{
    protected override void Process(ToyBatch batch, SampleList<ToyPrediction> predictions) =>
        Keep((stack([.. predictions.Samples.Select(sample => sample.Feat)]) - batch.Label).abs());

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items) =>
        new Dictionary<string, MetricValue> { ["distance"] = items.Column(0).mean().item<float>() };
}
