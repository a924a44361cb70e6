using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Clipping of the gradients by their common norm: <c>clip_grad=dict(type='norm', …)</c>.</summary>
/// <remarks><c>g ← g · min(1, max_norm / (‖g‖ + 1e-6))</c>. The norm before clipping is logged. See <see cref="ClipGradNorm"/>.</remarks>
public sealed record GradClipNormOptions : GradClipOptions
{
    /// <summary>Gets the norm that the gradients may have together.</summary>
    /// <value>Above 0.</value>
    public required double MaxNorm { get; init; }

    /// <summary>Gets which norm: 1, 2, another positive power, or infinity.</summary>
    /// <value>The default is 2.</value>
    public double NormType { get; init; } = 2;

    /// <summary>Gets whether a norm that is infinite or NaN ends the training with an error, before the weights are touched.</summary>
    /// <value>The default is <see langword="false"/>. With <see langword="true"/> the norm is read at each update, for which a GPU has to finish its work first.</value>
    public bool ErrorIfNonfinite { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The norm is not finite, and <see cref="ErrorIfNonfinite"/> is set.</exception>
    public override Tensor? Apply(IEnumerable<Parameter> parameters) => ClipGradNorm.Apply(parameters, MaxNorm, NormType, ErrorIfNonfinite);

    /// <inheritdoc/>
    public override string? FindFault() => MaxNorm > 0 && NormType > 0 ? null : FormattableString.Invariant(
        $"ClipGrad has MaxNorm {MaxNorm} and NormType {NormType}; both must be above 0. Use ClipGrad = null for no clipping.");
}
