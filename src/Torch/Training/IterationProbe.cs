using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>The two moments of an update that no hook sees: gradients are complete, and gradients are clipped.</summary>
/// <remarks>
/// Wrappers and optimizer hooks announce both inside their step, whether or not something is clipped. It costs nothing when nobody listens. A listener
/// only looks: gradients are borrowed, and reading them makes a GPU wait.
/// </remarks>
public sealed class IterationProbe
{
    /// <summary>Called when the gradients of an optimizer are complete: unscaled, averaged over the processes, not clipped yet.</summary>
    public event Action<optim.Optimizer>? Gradients;

    /// <summary>Called when the gradients of an optimizer are as the update will see them.</summary>
    public event Action<optim.Optimizer>? Clipped;

    /// <summary>Announces that the gradients of an optimizer are complete.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void OnGradients(optim.Optimizer optimizer) => Gradients?.Invoke(optimizer);

    /// <summary>Announces that the gradients of an optimizer are as the update will see them.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void OnClipped(optim.Optimizer optimizer) => Clipped?.Invoke(optimizer);
}
