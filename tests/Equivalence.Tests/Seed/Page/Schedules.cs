using Compat.Engine.Schedulers;
using Compat.Legacy;

namespace Compat.Equivalence.Tests.Seed.Page;

/// <summary>A schedule with warm-up as the old trainer's settings, and as the engine's.</summary>
internal static class Schedules
{
    public static TrainingHookOptions Old => new()
    {
        LrConfig = new StepLrConfig
        {
            Step = [2, 3],
            Warmup = Warmup.Linear,
            WarmupIters = 10,
            WarmupRatio = 0.1,
        },
    };

    public static ParamSchedulerOptions[] New =>
    [
        new LinearLrOptions
        {
            StartFactor = 0.1,
            End = 11,
            Unit = ScheduleUnit.Iteration,
        },
        new MultiStepLrOptions { Milestones = [2, 3] },
    ];
}
