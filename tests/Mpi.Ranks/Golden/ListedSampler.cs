using Compat.Torch.Data;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Visits the samples that it is given, in that order, in every pass.</summary>
internal sealed class ListedSampler(IReadOnlyList<int> order) : Sampler
{
    public override int Count => order.Count;

    protected override IEnumerable<int> Order() => order;
}
