using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Schedulers;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>Steps the schedulers: those by iteration after each iteration, those by epoch after each epoch.</summary>
/// <remarks>It runs after the logger, so that the log shows the learning rate that was used. Source: MMEngine <c>ParamSchedulerHook</c>.</remarks>
public sealed class ParamSchedulerHook : Hook
{
    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.Low;

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments) => Step(runner, byEpoch: false);

    /// <inheritdoc/>
    public override void AfterTrainEpoch(Runner runner) => Step(runner, byEpoch: true);

    private static void Step(Runner runner, bool byEpoch)
    {
        foreach (ParamScheduler scheduler in runner.ParamSchedulers)
        {
            if (scheduler.ByEpoch == byEpoch)
            {
                scheduler.Step();
            }
        }
    }
}
