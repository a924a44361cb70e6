namespace Compat.Legacy;

/// <summary>Clipping of the gradients by their common norm: MMCV's <c>grad_clip</c>. Clipping by value does not exist there.</summary>
/// <param name="MaxNorm">The norm that the gradients may have together; above 0.</param>
/// <param name="NormType">Which norm: 1, 2, another positive power, or infinity. The default is 2.</param>
public sealed record GradClipConfig(double MaxNorm, double NormType = 2);
