using Compat.Torch.Data;

namespace Compat.Mpi.Ranks;

/// <summary>Announces as many samples as there are, and gives fewer.</summary>
internal sealed class ShortSampler(Dataset dataset, int missing) : Sampler
{
    public override int Count => dataset.Count;

    protected override IEnumerable<int> Order() => Enumerable.Range(0, dataset.Count - missing);
}
