using System.Globalization;
using Compat.Torch.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Scales gradients down so that their common norm does not exceed a limit.</summary>
/// <remarks>
/// <c>g ← g · min(1, max_norm / (‖g‖ + 1e-6))</c>, where ‖g‖ is the norm of the vector of the norms of all gradients. Unlike TorchSharp's
/// <c>clip_grad_norm_</c> it does not read the norm, so a GPU need not wait. Source: PyTorch <c>clip_grad_norm_</c>.
/// </remarks>
public static class ClipGradNorm
{
    /// <summary>Clips the gradients in place.</summary>
    /// <param name="parameters">The parameters; those without a gradient, or that need none, are left out.</param>
    /// <param name="maxNorm">The limit, above 0.</param>
    /// <param name="normType">Which norm: 1, 2, another positive power, or infinity. The default is 2.</param>
    /// <param name="errorIfNonfinite">
    /// Whether a norm that is infinite or NaN is an error. Looking makes a GPU wait, so the default is <see langword="false"/>.
    /// </param>
    /// <returns>The norm before clipping, as a 0-d tensor; fresh. <see langword="null"/> if no parameter has a gradient.</returns>
    /// <exception cref="InvalidOperationException">The norm is not finite, and that is an error. The gradients are as they were.</exception>
    public static Tensor? Apply(IEnumerable<Parameter> parameters, double maxNorm, double normType = 2, bool errorIfNonfinite = false)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        Tensor[] gradients = [.. parameters.Where(parameter => parameter.requires_grad).Select(parameter => parameter.grad).OfType<Tensor>()];
        if (gradients.Length == 0)
        {
            return null;
        }

        Tensor total = TotalNorm(gradients, normType);
        if (errorIfNonfinite && !HostRead.Number<bool>(total.isfinite()))
        {
            throw new InvalidOperationException(
                $"The norm of the gradients is {HostRead.Number<double>(total.to(ScalarType.Float64)).ToString(CultureInfo.InvariantCulture)}, so they cannot be "
                + "clipped. Look at the loss of this batch, or leave errorIfNonfinite out to go on.");
        }

        Tensor scale = clamp(maxNorm / (total + 1e-6), max: 1);
        foreach (Tensor[] group in Groups(gradients))
        {
            TorchKernels.Call("multiply", group, scale.to(group[0].dtype).to(group[0].device));
        }

        return total.MoveToOuterDisposeScope();
    }

    private static Tensor TotalNorm(Tensor[] gradients, double normType)
    {
        Device device = gradients[0].device;
        Tensor norms = stack([.. Groups(gradients).SelectMany(group => TorchKernels.Norms(group, normType)).Select(norm => norm.to(device))]);
        return linalg.vector_norm(norms, normType);
    }

    // A list operation wants its tensors on one device and of one type; in most models that is all of them.
    private static IEnumerable<Tensor[]> Groups(Tensor[] gradients) =>
        gradients.GroupBy(gradient => (gradient.device_type, gradient.device_index, gradient.dtype)).Select(group => group.ToArray());
}
