using Compat.Adapters.Diagnostics;
using Compat.Engine.Optim;

namespace Compat.Adapters.Optim;

/// <summary>Refuses wrappers whose settings a model that steps by itself would pass by.</summary>
internal static class OwnUpdateCheck
{
    /// <summary>Checks wrappers.</summary>
    /// <param name="model">The name of the model.</param>
    /// <param name="wrapper">One wrapper, or a dictionary of them.</param>
    /// <exception cref="CompatException">One of them does more than step: COMPAT0209; all are listed.</exception>
    public static void Check(string model, BaseOptimWrapper wrapper)
    {
        IEnumerable<KeyValuePair<string, BaseOptimWrapper>> all = wrapper is OptimWrapperDict several ? several : [new(string.Empty, wrapper)];
        CompatException.ThrowIfAny(all.Select(member => Refusal(model, member.Key, member.Value)));
    }

    private static CompatDiagnostic? Refusal(string model, string name, BaseOptimWrapper wrapper)
    {
        string[] settings = [.. SettingsOf(wrapper)];
        if (settings.Length == 0)
        {
            return null;
        }

        (string who, string line) = name.Length == 0
            ? ("its wrapper", "optimWrapper.UpdateParams(loss)")
            : ($"the wrapper '{name}'", $"optimWrapper[\"{name}\"].UpdateParams(loss)");
        return new(
            "COMPAT0209",
            $"{model} computes gradients and steps by itself, which passes by what {who} is set to do: {string.Join(", ", settings)}. Port its TrainStep to BaseModel, with "
            + $"one line {line} in place of each zero_grad(), backward() and step(); or use a plain OptimWrapperOptions, as the old trainer did.");
    }

    private static IEnumerable<string> SettingsOf(BaseOptimWrapper wrapper)
    {
        if (wrapper is OptimWrapper { AccumulativeCounts: > 1 and int counts })
        {
            yield return $"accumulate over {counts} counts";
        }

        if (wrapper is OptimWrapper { ClipsGradients: true })
        {
            yield return "clip gradients";
        }

        if (wrapper is AmpOptimWrapper)
        {
            yield return "lower the precision or scale the loss";
        }
        else if (wrapper.GetType() != typeof(OptimWrapper))
        {
            yield return $"update as {wrapper.GetType().Name} does";
        }
    }
}
