using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>The moments of an update that no hook sees: gradients are complete, gradients are clipped, and a loss scaler has decided.</summary>
/// <remarks>
/// Wrappers and optimizer hooks announce the first two inside their step, whether or not something is clipped. It costs nothing when nobody listens. A listener
/// only looks: gradients are borrowed, and reading them makes a GPU wait.
/// </remarks>
public sealed class IterationProbe
{
    /// <summary>Called when the gradients of an optimizer are complete: unscaled, averaged over the processes, not clipped yet.</summary>
    public event Action<optim.Optimizer>? Gradients;

    /// <summary>Called when the gradients of an optimizer are as the update will see them.</summary>
    public event Action<optim.Optimizer>? Clipped;

    /// <summary>Called when a loss scaler has decided about a step: the tensor has one element, and is not 0 if the step is left out.</summary>
    /// <remarks>Only the device knows it, so the answer stays there.</remarks>
    public event Action<optim.Optimizer, Tensor>? Skipped;

    /// <summary>Announces that the gradients of an optimizer are complete.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void OnGradients(optim.Optimizer optimizer) => Gradients?.Invoke(optimizer);

    /// <summary>Announces that the gradients of an optimizer are as the update will see them.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    public void OnClipped(optim.Optimizer optimizer) => Clipped?.Invoke(optimizer);

    /// <summary>Announces what a loss scaler has decided about a step that was announced before.</summary>
    /// <param name="optimizer">The optimizer. Borrowed.</param>
    /// <param name="isSkipped">One element, not 0 if the step is left out. Borrowed.</param>
    public void OnSkipped(optim.Optimizer optimizer, Tensor isSkipped) => Skipped?.Invoke(optimizer, isSkipped);
}
