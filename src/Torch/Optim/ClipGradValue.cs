using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Limits every element of the gradients: <c>g ← min(max(g, -limit), limit)</c>.</summary>
/// <remarks>Source: PyTorch <c>clip_grad_value_</c>.</remarks>
public static class ClipGradValue
{
    /// <summary>Clips the gradients in place.</summary>
    /// <param name="parameters">The parameters; those without a gradient are left out.</param>
    /// <param name="limit">The limit, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative.</exception>
    public static void Apply(IEnumerable<Parameter> parameters, double limit)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        foreach (Parameter parameter in parameters)
        {
            parameter.grad?.clamp_(-limit, limit);
        }
    }
}
