using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Says why an optimizer fails, where TorchSharp speaks of keys and handles: it was disposed, or its parameters are gone.</summary>
public static class OptimizerFault
{
    private const string Moved =
        "TorchSharp makes new parameters when a model moves to another device or type: move the model first, then build the optimizer.";

    // TorchSharp gives no access to what it remembers by parameter; it is only asked after something went wrong.
    private static readonly FieldInfo? StatesField = typeof(OptimizerHelper).GetField("_state", BindingFlags.Instance | BindingFlags.NonPublic);

    /// <summary>Makes one step, as <c>optimizer.step()</c>; an error says what happened to the optimizer.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <exception cref="ObjectDisposedException">The optimizer was disposed.</exception>
    /// <exception cref="InvalidOperationException">The optimizer's parameters are not those that it was made with.</exception>
    public static void Step(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        try
        {
            optimizer.step();
        }
        catch (Exception exception) when (Find(optimizer, exception) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Looks whether an exception comes from an optimizer that cannot work any more. To be asked in an exception filter.</summary>
    /// <param name="optimizer">The optimizer that was used.</param>
    /// <param name="exception">What was thrown.</param>
    /// <returns>What to throw instead; <see langword="null"/> if the optimizer is in order, or says so by itself.</returns>
    public static Exception? Find(optim.Optimizer optimizer, Exception exception) =>
        optimizer is not OptimizerHelper helper || !TorchSharpOptimizers.IsTheirs(helper) ? null
        : exception is not (KeyNotFoundException or InvalidOperationException) ? null
        : HasParameterGone(helper) ? ParametersGone(helper, exception)
        : IsDisposed(helper) ? new ObjectDisposedException(DisposedText(helper), exception)
        : IsStranger(helper) ? ParametersGone(helper, exception)
        : null;

    /// <summary>Says that one of our optimizers was disposed.</summary>
    internal static ObjectDisposedException Disposed(FusedOptimizer optimizer) => new(optimizer.GetType().Name, DisposedText(optimizer));

    /// <summary>Says that a parameter of one of our optimizers was disposed.</summary>
    internal static InvalidOperationException ParameterDisposed() => new($"A parameter of the optimizer was disposed. {Moved}");

    private static string DisposedText(optim.Optimizer optimizer) =>
        $"{optimizer.GetType().Name} was disposed, and what it remembered of the parameters is gone. Dispose it after the training, or make a new one.";

    private static InvalidOperationException ParametersGone(optim.Optimizer optimizer, Exception inner) => new(
        $"The parameters of {optimizer.GetType().Name} are not those that it was made with. {Moved}", inner);

    private static bool HasParameterGone(OptimizerHelper optimizer) =>
        OptimizerGroup.Of(optimizer).Any(group => group.Parameters.Any(parameter => parameter.IsInvalid));

    // Some of TorchSharp's forget their states when they are disposed, the others keep states of disposed tensors.
    private static bool IsDisposed(OptimizerHelper optimizer)
    {
        if (StatesField?.GetValue(optimizer) is ICollection<(IntPtr, OptimizerState)> { Count: 0 })
        {
            return true;
        }

        try
        {
            IOptimizerStates remembered = TorchSharpOptimizers.StatesOf(optimizer);
            foreach (Parameter parameter in remembered.Members.SelectMany(group => group))
            {
                using DisposeScope scope = NewDisposeScope();
                remembered.EntriesOf(parameter);
            }

            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
        catch (KeyNotFoundException)
        {
            return false;
        }
    }

    // Given parameters that are enumerated anew, a group lists the new ones, of which nothing is remembered.
    private static bool IsStranger(OptimizerHelper optimizer)
    {
        try
        {
            optimizer.state_dict();
            return false;
        }
        catch (KeyNotFoundException)
        {
            return true;
        }
    }
}
