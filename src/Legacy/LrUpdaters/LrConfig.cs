namespace Compat.Legacy;

/// <summary>The schedule of the learning rate: MMCV's <c>lr_config</c>. One record per policy.</summary>
public abstract record LrConfig
{
    /// <summary>Gets whether the policy counts epochs rather than iterations.</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ByEpoch { get; init; } = true;

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

    /// <summary>Builds the hook that follows this policy.</summary>
    /// <returns>The hook.</returns>
    public abstract LrUpdaterHook Build();
}
