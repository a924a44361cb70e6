using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Clipping of each element of the gradients by itself: <c>clip_grad=dict(type='value', …)</c>.</summary>
/// <remarks><c>g ← min(max(g, -clip_value), clip_value)</c>. It logs nothing, as in MMEngine. See <see cref="ClipGradValue"/>.</remarks>
public sealed record GradClipValueOptions : GradClipOptions
{
    /// <summary>Gets the largest absolute value that an element of a gradient may have.</summary>
    /// <value>Above 0.</value>
    public required double ClipValue { get; init; }

    /// <inheritdoc/>
    // As OptimWrapper._clip_grad: a frozen parameter may still have a gradient, which the optimizer uses and clipping leaves alone.
    public override Tensor? Apply(IEnumerable<Parameter> parameters)
    {
        ClipGradValue.Apply(parameters.Where(parameter => parameter.requires_grad), ClipValue);
        return null;
    }

    /// <inheritdoc/>
    public override string? FindFault() => ClipValue > 0 ? null : FormattableString.Invariant(
        $"ClipGrad has ClipValue {ClipValue}; it must be above 0. Use ClipGrad = null for no clipping.");
}
