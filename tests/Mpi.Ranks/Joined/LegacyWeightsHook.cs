using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Keeps the weights after each iteration.</summary>
internal sealed class LegacyWeightsHook(WeightRows rows) : Hook
{
    public override void AfterTrainIter(BaseRunner runner) => rows.Add();
}
