namespace Compat.Legacy;

/// <summary>The schedule of the learning rate: MMCV's <c>lr_config</c>. One record per policy.</summary>
public abstract record LrConfig : HookConfig
{
    /// <summary>Gets whether the policy counts epochs rather than iterations.</summary>
    /// <value>
    /// The default is <see langword="null"/>: what the runner says when it registers its training hooks (<see cref="Runners.BaseRunner.DefaultByEpoch"/>);
    /// epochs otherwise, as in MMCV.
    /// </value>
    public bool? ByEpoch { get; init; }

    /// <summary>Gets how the learning rate rises to its regular value at the start.</summary>
    /// <value>The default is <see cref="Warmup.None"/>.</value>
    public Warmup Warmup { get; init; } = Warmup.None;

    /// <summary>Gets how long the warm-up lasts, in iterations or epochs (see <see cref="WarmupByEpoch"/>).</summary>
    /// <value>Above 0 with a warm-up. The default is 0.</value>
    public int WarmupIters { get; init; }

    /// <summary>Gets the share of the regular value at the start of the warm-up.</summary>
    /// <value>Above 0 and at most 1. The default is 0.1.</value>
    public double WarmupRatio { get; init; } = 0.1;

    /// <summary>Gets whether <see cref="WarmupIters"/> counts epochs.</summary>
    /// <value>The default is <see langword="false"/>: iterations.</value>
    public bool WarmupByEpoch { get; init; }

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    public static implicit operator LrConfig(Hook hook) => FromHook(hook);

    /// <summary>Takes a hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Settings whose hook is this one.</returns>
    public static new LrConfig FromHook(Hook hook) => new BuiltLrHook(hook);
}
