namespace Compat.Legacy;

/// <summary>Settings of the optimizer hook: MMCV's <c>optimizer_config</c>.</summary>
public sealed record OptimizerConfig
{
    /// <summary>Gets the clipping of gradients before each update.</summary>
    /// <value>The default is <see langword="null"/>: no clipping.</value>
    public GradClipConfig? GradClip { get; init; }

    /// <summary>Gets whether cleared gradients become null rather than zero.</summary>
    /// <value>
    /// The default is <see langword="true"/>, as in PyTorch ≥ 2. With zeros, momentum and weight decay still move a parameter that gets no gradient.
    /// </value>
    public bool SetToNone { get; init; } = true;
}
