using Compat.Adapters.Diagnostics;
using Compat.Engine.Model;
using Compat.Legacy;
using Compat.Torch.Native;
using Compat.Torch.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Models;

/// <summary>The terms that a legacy model's loss consists of: makes the engine's losses of them, and compares their total with the model's own.</summary>
/// <param name="model">The name of the model.</param>
/// <param name="terms">The terms, at least one.</param>
internal sealed class LossTerms(string model, IReadOnlyList<LossTerm> terms)
{
    private const int Compared = 3;

    private int steps;

    /// <summary>Gets the terms.</summary>
    public IReadOnlyList<LossTerm> Terms => terms;

    /// <summary>Makes the losses.</summary>
    /// <param name="outputs">What the step returned. Borrowed.</param>
    /// <returns>The losses, one number each; fresh.</returns>
    /// <exception cref="CompatException">A term is missing, or autograd does not know it: COMPAT0107.</exception>
    public LossDict ToLosses(StepOutputs outputs)
    {
        LossDict losses = [];
        foreach (LossTerm term in terms)
        {
            Tensor value = Find(outputs, term.Name);
            losses[term.Name] = value.numel() == 1 ? value.reshape([]) : term.Reduction == LossReduction.Sum ? value.sum() : value.mean();
        }

        return losses;
    }

    /// <summary>Compares the total with the model's own loss in the first three steps: at once in the first one, which waits for the device, else with the log values.</summary>
    /// <param name="total">What the engine trains on. Borrowed.</param>
    /// <param name="own">What the model trains on. Borrowed.</param>
    /// <param name="outputs">What the step returned. Borrowed.</param>
    /// <param name="logVars">Where values wait to be read.</param>
    /// <exception cref="CompatException">The two differ by more than 1e-5 of themselves: COMPAT0106.</exception>
    public void Compare(Tensor total, Tensor own, StepOutputs outputs, LogVars logVars)
    {
        if (steps == Compared)
        {
            return;
        }

        int[] sizes = [outputs.NumSamples ?? 0, .. terms.Select(term => (int)Find(outputs, term.Name).numel())];
        LossTermsCheck check = new(model, steps, sizes);
        if (steps++ == 0)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor both = HostRead.ToCpu(stack([total.detach().to(ScalarType.Float64), own.detach().reshape([]).to(ScalarType.Float64)]));
            check.Resolve(0, both.data<double>()[0]);
            check.Resolve(1, both.data<double>()[1]);
            return;
        }

        logVars.ReadWith(total, check, 0);
        logVars.ReadWith(own.reshape([]), check, 1);
    }

    private Tensor Find(StepOutputs outputs, string name)
    {
        Tensor? found = outputs.Extras.TryGetValue(name, out Tensor? extra) ? extra
            : outputs.LogVars is { } logVars && logVars.TryGetValue(name, out LogValue logged) ? logged.Tensor
            : null;
        return found is { requires_grad: true } ? found : throw new CompatException(new CompatDiagnostic(
            "COMPAT0107",
            $"The term '{name}' of {model} is {(found is null ? "no tensor that its step returns" : "a tensor that autograd does not know")}. Tensors present: {Names(outputs)}. "
            + "Name an entry of Extras or LogVars, and let the step return it without detach() or item()."));
    }

    private static string Names(StepOutputs outputs)
    {
        string[] names = [.. outputs.Extras.Keys, .. outputs.LogVars?.Where(entry => entry.Value.Tensor is not null).Select(entry => entry.Key) ?? []];
        return names.Length == 0 ? "none" : string.Join(", ", names);
    }
}
