using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Keeps the weights after each iteration.</summary>
internal sealed class LegacySnapshotHook(GoldenNet net, List<float[]> weights) : Hook
{
    public override void AfterTrainIter(BaseRunner runner) => weights.Add(net.Weights());
}
