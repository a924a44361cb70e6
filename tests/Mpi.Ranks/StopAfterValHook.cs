using Compat.Engine;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;

namespace Compat.Mpi.Ranks;

/// <summary>Ends the training after a validation, on the ranks that it is made for, as early stopping does.</summary>
/// <param name="acts">Whether this rank acts.</param>
internal sealed class StopAfterValHook(bool acts) : Hook
{
    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments) => runner.TrainLoop!.StopTraining = acts;
}
