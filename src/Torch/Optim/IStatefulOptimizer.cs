using Compat.Torch.Serialization;

namespace Compat.Torch.Optim;

/// <summary>An optimizer that gives and takes its state by itself. One that TorchSharp does not know takes part in training here by implementing it.</summary>
public interface IStatefulOptimizer
{
    /// <summary>Gives the state in PyTorch's layout: <c>state</c>, tensors by name for each parameter's number, and <c>param_groups</c>.</summary>
    /// <returns>The state. Its tensors are on the CPU; fresh.</returns>
    PthDict SaveState();

    /// <summary>Takes over what <see cref="SaveState"/> gave.</summary>
    /// <param name="state">The state. Borrowed.</param>
    /// <exception cref="PthException">The state does not fit; the optimizer is as it was.</exception>
    void LoadState(PthDict state);
}
