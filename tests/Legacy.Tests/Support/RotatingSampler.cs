using Compat.Torch.Data;

namespace Compat.Legacy.Tests.Support;

/// <summary>The golden files' sampler: in epoch e it begins with sample e. It tells which epochs it was told.</summary>
public sealed class RotatingSampler(int count, Action<int> told) : Sampler
{
    private int start;

    public override int Count => count;

    public override void SetEpoch(int epoch)
    {
        start = epoch;
        told(epoch);
    }

    protected override IEnumerable<int> Order()
    {
        int first = start;
        return Enumerable.Range(0, count).Select(i => (i + first) % count);
    }
}
