using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>The state of any optimizer that can be trained with here, in PyTorch's layout.</summary>
/// <remarks>
/// Source: PyTorch <c>Optimizer.state_dict</c>. TorchSharp's own <c>state_dict</c> has another layout, and what it loads inside a dispose scope ends with
/// that scope.
/// </remarks>
public static class OptimizerStateExtensions
{
    /// <summary>Gives an optimizer's state, to be written with <see cref="PthFile"/>.</summary>
    /// <param name="optimizer">One of ours, one of TorchSharp's, or an <see cref="IStatefulOptimizer"/>.</param>
    /// <returns><c>state</c>, tensors by name for each parameter's number, and <c>param_groups</c>. Tensors are copies on the CPU; fresh.</returns>
    /// <exception cref="NotSupportedException">The optimizer is of another kind.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public static PthDict SaveState(this optim.Optimizer optimizer)
    {
        if (optimizer is IStatefulOptimizer own)
        {
            return own.SaveState();
        }

        try
        {
            return OptimizerStateDict.Save(TorchSharpOptimizers.StatesOf(optimizer));
        }
        catch (Exception exception) when (OptimizerFault.Find(optimizer, exception) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Takes over an optimizer's state, as a checkpoint has it under <c>optimizer</c>.</summary>
    /// <param name="optimizer">One of ours, one of TorchSharp's, or an <see cref="IStatefulOptimizer"/>.</param>
    /// <param name="state">The state of an optimizer of this kind with groups of the same sizes. Borrowed.</param>
    /// <exception cref="NotSupportedException">The optimizer is of another kind.</exception>
    /// <exception cref="PthException">The state does not fit; the optimizer is as it was.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public static void LoadState(this optim.Optimizer optimizer, PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (optimizer is IStatefulOptimizer own)
        {
            own.LoadState(state);
            return;
        }

        try
        {
            OptimizerStateDict.Load(TorchSharpOptimizers.StatesOf(optimizer), state);
        }
        catch (Exception exception) when (OptimizerFault.Find(optimizer, exception) is { } fault)
        {
            throw fault;
        }
    }
}
