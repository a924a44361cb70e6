namespace Compat.Legacy;

/// <summary>What the schedules of learning rate and momentum have in common.</summary>
public abstract record ScheduleConfig : HookConfig
{
    private protected ScheduleConfig(double warmupRatio) => WarmupRatio = warmupRatio;

    /// <summary>Gets whether the policy counts epochs rather than iterations.</summary>
    /// <value>
    /// The default is <see langword="null"/>: epochs, as in MMCV; for a learning rate that is registered with the training hooks, what the runner says
    /// (<see cref="Runners.BaseRunner.DefaultByEpoch"/>).
    /// </value>
    public bool? ByEpoch { get; init; }

    /// <summary>Gets how the value comes to its regular course at the start.</summary>
    /// <value>The default is <see cref="Warmup.None"/>.</value>
    public Warmup Warmup { get; init; } = Warmup.None;

    /// <summary>Gets how long the warm-up lasts, in iterations unless said otherwise.</summary>
    /// <value>Above 0 with a warm-up. The default is 0.</value>
    public int WarmupIters { get; init; }

    /// <summary>Gets the factor at the start of the warm-up, by which a learning rate is multiplied and a momentum divided.</summary>
    /// <value>Above 0 and at most 1. The default is 0.1 for a learning rate and 0.9 for a momentum.</value>
    public double WarmupRatio { get; init; }
}
