namespace Compat.Engine.Optim;

/// <summary>Clipping of the gradients by their common norm, before each update.</summary>
public sealed record GradClipOptions
{
    /// <summary>Gets the norm that the gradients may have together.</summary>
    /// <value>Above 0.</value>
    public required double MaxNorm { get; init; }

    /// <summary>Gets which norm: 1, 2, another positive power, or infinity.</summary>
    /// <value>The default is 2.</value>
    public double NormType { get; init; } = 2;
}
