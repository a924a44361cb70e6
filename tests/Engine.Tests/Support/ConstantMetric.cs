using Compat.Engine.Evaluation;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

/// <summary>A metric that gives the numbers it was made with, one at each evaluation.</summary>
internal sealed class ConstantMetric(string name, params double[] values) : BaseMetric
{
    private int evaluations;

    public int Processed { get; private set; }

    public int Resets { get; private set; }

    public int Samples { get; private set; }

    public override void Process(DataBatch batch, DataBatch predictions)
    {
        Processed++;
        using Tensor rows = zeros(batch.Tensors[0].shape[0]);
        Keep(rows);
    }

    public override void Reset()
    {
        Resets++;
        base.Reset();
    }

    protected override IReadOnlyDictionary<string, MetricValue> ComputeMetrics(MetricItems items)
    {
        Samples = items.Count;
        return new Dictionary<string, MetricValue> { [name] = values[evaluations++ % values.Length] };
    }
}
