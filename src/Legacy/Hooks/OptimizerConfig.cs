namespace Compat.Legacy;

/// <summary>Settings of the optimizer hook: MMCV's <c>optimizer_config</c>.</summary>
/// <remarks>
/// Other optimizer hooks have a record derived from this one, whose <see cref="Build"/> makes them. How gradients are cleared is said in the runner's
/// options (<see cref="LegacyBehavior.ZeroFilledGradients"/>).
/// </remarks>
public record OptimizerConfig : HookConfig
{
    /// <summary>Gets the clipping of gradients before each update.</summary>
    /// <value>The default is <see langword="null"/>: no clipping.</value>
    public GradClipConfig? GradClip { get; init; }

    /// <summary>Gets whether trainable parameters that the loss does not depend on are reported, at every iteration: for debugging.</summary>
    /// <value>The default is <see langword="false"/>. Hooks that accumulate gradients do not look, and those with a loss scaler refuse it, as in MMCV.</value>
    public bool DetectAnomalousParams { get; init; }

    /// <summary>Takes an optimizer hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    public static implicit operator OptimizerConfig(Hook hook) => FromHook(hook);

    /// <summary>Takes an optimizer hook that exists already. Whoever made it disposes it.</summary>
    /// <param name="hook">The hook.</param>
    /// <returns>Settings whose hook is this one.</returns>
    public static new OptimizerConfig FromHook(Hook hook) => new BuiltOptimizerHook(hook);

    /// <summary>Makes the hook: an <see cref="OptimizerHook"/>, unless a derived kind makes another one.</summary>
    /// <returns>The hook.</returns>
    public override Hook Build() => new OptimizerHook(this);
}
