using Compat.Torch.Logging;
using Compat.Torch.Serialization;
using Microsoft.Extensions.Logging;
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

    /// <summary>Checks whether <see cref="LoadState"/> would take a state, so that several things can be loaded all or none.</summary>
    /// <param name="optimizer">One of ours, or one of TorchSharp's. An <see cref="IStatefulOptimizer"/> of one's own is not asked: it checks when it loads.</param>
    /// <param name="state">The state. Borrowed.</param>
    /// <exception cref="NotSupportedException">The optimizer is of another kind.</exception>
    /// <exception cref="PthException">The state does not fit.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public static void CheckState(this optim.Optimizer optimizer, PthDict state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (optimizer as FusedOptimizer)?.CheckUsable();
        try
        {
            if (StatesOf(optimizer) is { } states)
            {
                OptimizerStateDict.Check(states, state);
            }
        }
        catch (Exception exception) when (OptimizerFault.Find(optimizer, exception) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Says in a log, in one line, that a state which was loaded remembers nothing of any parameter, although the optimizer is one that does.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="state">The state that was loaded. Borrowed.</param>
    /// <param name="logger">Where the line goes.</param>
    /// <remarks>Single parameters without a state are in order: they never had a gradient.</remarks>
    public static void WarnIfForgetful(this optim.Optimizer optimizer, PthDict state, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (StatesOf(optimizer) is { } states && OptimizerStateDict.IsForgetful(states, state))
        {
            CompatEvents.Write(
                logger,
                LogLevel.Warning,
                CompatEvents.ForgetfulState,
                $"The state that was loaded into {optimizer.GetType().Name} remembers nothing of any parameter, so moments and counts begin anew. That is right if it was "
                + "saved before the first update; else resume from a file that has the optimizer's state.");
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

    // None of an optimizer of somebody else's that keeps its state by itself.
    private static IOptimizerStates? StatesOf(optim.Optimizer optimizer) =>
        optimizer as IOptimizerStates ?? (optimizer is IStatefulOptimizer ? null : TorchSharpOptimizers.StatesOf(optimizer));
}
