using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Schedulers;
using Compat.Torch.Training;

namespace Compat.Engine.Hooks;

/// <summary>Steps the schedules: those by iteration or update after each iteration, those by epoch after each epoch; and shows these the metrics.</summary>
/// <remarks>It runs after the logger, so that the log shows the learning rate that was used. Source: MMEngine <c>ParamSchedulerHook</c>.</remarks>
public sealed class ParamSchedulerHook : Hook
{
    /// <inheritdoc/>
    public override HookPriority Priority => HookPriority.Low;

    /// <inheritdoc/>
    public override void AfterTrainIter(Runner runner, AfterTrainIterArguments arguments)
    {
        foreach (ParamScheduler scheduler in runner.ParamSchedulers)
        {
            int due = scheduler.Unit switch
            {
                ScheduleUnit.Iteration => 1,
                // A schedule by update stands where the wrapper stands, so nothing has to be remembered between iterations.
                ScheduleUnit.Update => scheduler.Wrapper!.UpdateCount - scheduler.GlobalStep,
                _ => 0,
            };
            for (int i = 0; i < due; i++)
            {
                scheduler.Step();
            }
        }
    }

    /// <inheritdoc/>
    public override void AfterTrainEpoch(Runner runner)
    {
        foreach (ParamScheduler scheduler in ByEpoch(runner))
        {
            scheduler.Step();
        }
    }

    /// <inheritdoc/>
    public override void AfterValEpoch(Runner runner, AfterValEpochArguments arguments)
    {
        foreach (ParamScheduler scheduler in ByEpoch(runner))
        {
            scheduler.Step(arguments.Metrics);
        }
    }

    private static IEnumerable<ParamScheduler> ByEpoch(Runner runner) => runner.ParamSchedulers.Where(scheduler => scheduler.Unit == ScheduleUnit.Epoch);
}
