using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>How gradients are clipped before each update: by their common norm (<see cref="GradClipNormOptions"/>) or each by itself (<see cref="GradClipValueOptions"/>).</summary>
/// <remarks>Another way to clip is a record that derives from this one. Source: <c>clip_grad</c> of MMEngine's <c>OptimWrapper</c>.</remarks>
public abstract record GradClipOptions
{
    /// <summary>Clips the gradients in place.</summary>
    /// <param name="parameters">The parameters of the optimizer, with and without gradients, frozen ones too. Borrowed.</param>
    /// <returns>The norm before clipping, which is logged as <c>grad_norm</c>; fresh. <see langword="null"/> if there is none.</returns>
    public abstract Tensor? Apply(IEnumerable<Parameter> parameters);

    /// <summary>Finds a setting that is out of range; asked once, when the wrapper is built. The default finds nothing.</summary>
    /// <returns>The message for the user, or <see langword="null"/>.</returns>
    public virtual string? FindFault() => null;
}
