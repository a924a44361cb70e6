using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Keeps the weights after each iteration.</summary>
internal sealed class EngineWeightsHook(WeightRows rows) : Hook
{
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => rows.Add();
}
