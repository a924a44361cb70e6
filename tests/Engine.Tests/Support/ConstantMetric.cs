using Compat.Engine.Evaluation;
using Compat.Torch.Data;

namespace Compat.Engine.Tests.Support;

/// <summary>A metric that gives the numbers it was made with, one at each evaluation.</summary>
internal sealed class ConstantMetric(string name, params double[] values) : BaseMetric
{
    private int evaluations;

    public int Processed { get; private set; }

    public int Resets { get; private set; }

    public int Size { get; private set; }

    public override void Process(DataBatch batch, DataBatch predictions) => Processed++;

    public override void Reset() => Resets++;

    protected override IReadOnlyDictionary<string, double> ComputeMetrics(int size)
    {
        Size = size;
        return new Dictionary<string, double> { [name] = values[evaluations++ % values.Length] };
    }
}
