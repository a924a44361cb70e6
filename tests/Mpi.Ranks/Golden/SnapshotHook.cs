using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Torch.Training;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Keeps the weights after each iteration.</summary>
internal sealed class SnapshotHook(GoldenNet net) : Hook
{
    public List<float[]> Weights { get; } = [];

    public override HookPriority Priority => HookPriority.Lowest;

    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Weights.Add(net.Weights());
}
