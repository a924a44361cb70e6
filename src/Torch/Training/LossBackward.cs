using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Computes the gradients of a loss, for wrappers and optimizer hooks alike, and says in words what is wrong with one that has none.</summary>
/// <remarks>Nothing here reads a value, so nothing waits for a GPU.</remarks>
public static class LossBackward
{
    private const string SecondTime = "Trying to backward through the graph a second time";

    /// <summary>Computes gradients.</summary>
    /// <param name="loss">The loss: one element, of shape [] or [1] or the like, that autograd knows. Borrowed.</param>
    /// <param name="model">The name of the model, for messages.</param>
    /// <param name="iteration">The iteration, counted from 0, for messages.</param>
    /// <exception cref="InvalidOperationException">
    /// The loss does not have one element, does not require a gradient, or its graph was used up by an earlier backward.
    /// </exception>
    public static void Run(Tensor loss, string model, int iteration)
    {
        ArgumentNullException.ThrowIfNull(loss);
        try
        {
            loss.backward();
        }
        catch (Exception exception) when (StepFailure.Mark(exception, "backward"))
        {
            throw;                                                    // never reached: the filter only takes a note
        }
        catch (ExternalException exception) when (Fault(loss, model, iteration, exception) is { } fault)
        {
            StepFailure.Mark(fault, "backward");
            throw fault;
        }
    }

    // Asked only when something went wrong: each question is a call into libtorch.
    private static InvalidOperationException? Fault(Tensor loss, string model, int iteration, ExternalException exception)
    {
        string at = string.Create(CultureInfo.InvariantCulture, $"at iteration {iteration} (counted from 0)");
        if (loss.numel() != 1)
        {
            return new(
                $"The loss of {model} has shape {Shape(loss)} {at}; it must have one element. Reduce it, for example with .mean() or .sum().", exception);
        }

        if (!loss.requires_grad)
        {
            return new(
                $"The loss of {model}, of shape {Shape(loss)}, has no gradient {at}: it is a plain number, or was "
                + $"detached, or no parameter that requires a gradient took part in it. Compute it from the model's output, without item(), detach() or "
                + $"no_grad(), and see that the model has trainable parameters.",
                exception);
        }

        return !exception.Message.StartsWith(SecondTime, StringComparison.Ordinal) ? null : new(
            $"The loss of {model} went through backward a second time {at}: its graph was used up before. Either "
            + $"two parts call backward (the model itself, a wrapper, optimizer hooks): leave one of them out. Or a tensor of an earlier backward, such as a hidden state or a running loss, is part of this loss: keep it as tensor.detach().",
            exception);
    }

    private static string Shape(Tensor loss) => $"[{string.Join(", ", loss.shape)}]";
}
