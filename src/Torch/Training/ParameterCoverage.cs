using System.Reflection;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Microsoft.Extensions.Logging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Compares, before training, what the optimizers hold with what the model has.</summary>
internal static class ParameterCoverage
{
    /// <summary>Refuses optimizers of another model, and writes a line about parameters that are on one side only.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="groups">The groups of all optimizers; none if there is no optimizer.</param>
    /// <param name="logger">Where the line goes.</param>
    /// <exception cref="InvalidOperationException">There are optimizers, but none of their parameters is the model's, or one was disposed.</exception>
    public static void Check(nn.Module model, IReadOnlyCollection<OptimizerGroup> groups, ILogger logger)
    {
        // A script module hands out new objects for its parameters at every call, so they cannot be found again.
        if (model.modules().Prepend(model).Any(module => module is jit.ScriptModule))
        {
            return;
        }

        (string Name, Parameter Parameter)[] own = [.. model.named_parameters().Select(entry => (entry.name, entry.parameter))];
        Parameter[] held = [.. groups.SelectMany(group => group.Parameters)];
        string name = model.GetType().Name;
        if (held.Any(parameter => parameter.IsInvalid))
        {
            throw OptimizerFault.ParameterDisposed();                 // before their handles are asked for, which fails without saying whose they are
        }

        HashSet<IntPtr> ownHandles = [.. own.Select(entry => entry.Parameter.Handle)];
        HashSet<IntPtr> heldHandles = [.. held.Select(parameter => parameter.Handle)];
        string unregistered = own.Length == 0 ? Unregistered(model) : string.Empty;
        if (groups.Count == 0)
        {
            string text = $"There is no optimizer: only {name} itself can update its weights. Give the runner an optimizer if a hook shall do it.{unregistered}";
            CompatEvents.Write(logger, LogLevel.Information, CompatEvents.NoOptimizer, text);
            return;
        }

        // TorchSharp's optimizers take an empty list, which PyTorch's refuse.
        if (held.Length == 0)
        {
            throw new InvalidOperationException(
                $"The optimizer holds no parameters, so training would change nothing. Build it from the parameters() of {name}, which has "
                + $"{own.Length}.{unregistered}");
        }

        if (!heldHandles.Overlaps(ownHandles))
        {
            throw new InvalidOperationException(
                $"None of the {held.Length} parameters of the optimizer is one of {name}, which has {own.Length}, so training would change nothing. Build the "
                + $"optimizer from this model's parameters() after the model was moved: moving replaces them.{unregistered}");
        }

        string[] left = [.. own.Where(entry => entry.Parameter.requires_grad && !heldHandles.Contains(entry.Parameter.Handle)).Select(entry => entry.Name)];
        string[] foreign = [.. held.Where(parameter => !ownHandles.Contains(parameter.Handle)).Select(parameter => $"[{string.Join(", ", parameter.shape)}]")];
        if (left.Length + foreign.Length > 0)
        {
            CompatEvents.Write(logger, LogLevel.Warning, CompatEvents.ParametersApart, Apart(name, left, foreign));
        }
    }

    private static string Apart(string model, string[] left, string[] foreign)
    {
        string first = left.Length == 0 ? string.Empty
            : $"No optimizer holds {left.Length} of {model}'s trainable parameters: {FirstNames.Of(left)}. Give them to the optimizer, or freeze them.";
        string second = foreign.Length == 0 ? string.Empty
            : $"{foreign.Length} of the optimizer's parameters are not {model}'s; their shapes are {FirstNames.Of(foreign)}. Build the optimizer from this "
                + "model's parameters() after the model was moved: moving replaces them.";
        return string.Join(' ', new[] { first, second }.Where(part => part.Length > 0));
    }

    // The usual reason why a model seems to have no parameters.
    private static string Unregistered(nn.Module model)
    {
        string[] fields =
        [
            .. from type in Ancestors(model.GetType())
               from field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
               where field.GetValue(model) is Parameter or nn.Module
               select field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name,
        ];
        return fields.Length == 0
            ? $" {model.GetType().Name} has no field that is a module or a parameter."
            : $" {model.GetType().Name} has fields that are not registered: {FirstNames.Of(fields)}. Call RegisterComponents() at the end of its constructor.";
    }

    private static IEnumerable<Type> Ancestors(Type type)
    {
        for (Type? at = type; at is not null && at != typeof(nn.Module); at = at.BaseType)
        {
            yield return at;
        }
    }
}
