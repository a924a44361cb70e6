namespace Compat.Legacy;

/// <summary>Clipping of the gradients by their common norm: MMCV's <c>grad_clip</c>. Clipping by value does not exist there.</summary>
/// <param name="MaxNorm">The norm that the gradients may have together; above 0.</param>
/// <param name="NormType">Which norm: 1, 2, another positive power, or infinity. The default is 2.</param>
/// <param name="ErrorIfNonfinite">
/// Whether a norm that is infinite or NaN is an error, also where a loss scaler would leave the update out. Looking makes a GPU wait. The default is
/// <see langword="false"/>.
/// </param>
public sealed record GradClipConfig(double MaxNorm, double NormType = 2, bool ErrorIfNonfinite = false);
