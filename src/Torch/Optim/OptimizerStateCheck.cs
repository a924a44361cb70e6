using System.Globalization;
using Compat.Torch.Serialization;
using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>Refuses states of optimizers that do not fit, or from which no training could go on. Everything is looked at before anything is changed.</summary>
internal static class OptimizerStateCheck
{
    /// <summary>What to do about a state that nothing can have written.</summary>
    public const string Damaged = "The file is damaged; take an older one.";

    private const string Initial = "initial_";

    // One number of a parameter's state; everything else has the parameter's shape.
    private static readonly string[] Scalars = ["step", "mu_product", "eta", "mu"];

    // What PyTorch makes only where a setting asks for it. All else is there as soon as a parameter was updated.
    private static readonly string[] Optional = ["momentum_buffer", "max_exp_avg_sq", "grad_avg"];

    /// <summary>Gets what an updated parameter always has, of all that may be remembered.</summary>
    public static IEnumerable<string> Required(IReadOnlyList<string> names) => names.Except(Optional);

    /// <summary>Checks that settings are of the kinds that a group has, and in range. None stands for one that was not given; the group keeps its own then.</summary>
    /// <param name="own">The settings that the group has.</param>
    /// <param name="saved">The settings to take over.</param>
    /// <param name="where">Which group it is, to follow a setting's name; empty if there is only one.</param>
    /// <exception cref="PthException">One is of another kind, or out of range.</exception>
    public static void Settings(PthDict own, PthDict saved, string where = "")
    {
        foreach ((PthValue key, PthValue value) in saved)
        {
            if (value is not PthNone && key is PthText { Value: var name } && KindOf(own, name) is { } kind)
            {
                Setting(name, value, kind, where);
            }
        }
    }

    /// <summary>Checks what is remembered of one parameter.</summary>
    /// <param name="names">All that may be remembered.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="words">Which one it is, in words.</param>
    /// <param name="entries">What is remembered.</param>
    /// <exception cref="PthException">It does not fit.</exception>
    public static void Entries(IReadOnlyList<string> names, Parameter parameter, string words, PthDict entries)
    {
        foreach ((PthValue key, PthValue value) in entries)
        {
            string name = (key as PthText)?.Value ?? "?";
            if (!names.Contains(name))
            {
                throw new PthException(
                    $"The state has '{name}', which this optimizer does not keep (it keeps {string.Join(", ", names)}). Load the state of the same kind of optimizer.");
            }

            if (!Fits(parameter, name, value))
            {
                throw new PthException(
                    $"The state '{name}' does not fit a parameter of shape [{string.Join(", ", parameter.shape)}]. Load the state of the optimizer that "
                    + "trained this model.");
            }

            if (Scalars.Contains(name) && OptimizerStateDict.Number(entries, name) is { } count && StateRanges.Wrong(name, count) is { } wrong)
            {
                throw new PthException($"The state of {words} has {Text(wrong.Number)} under '{name}'; it must be {wrong.Range}. {Damaged}");
            }
        }

        // Parameters that never had a gradient have no entries, or an empty dictionary.
        string[] required = [.. Required(names)];
        string[] missing = entries.Count == 0 ? [] : [.. required.Where(name => !entries.TryGetValue(name, out PthValue? value) || value is PthNone)];
        if (missing.Length > 0)
        {
            string present = string.Join(", ", entries.Where(entry => entry.Value is not PthNone).Select(entry => $"'{((PthText)entry.Key).Value}'"));
            throw new PthException(
                $"The state of {words} has {(present.Length > 0 ? present : "None")}, but lacks '{string.Join("', '", missing)}'; it must have all of "
                + $"'{string.Join("', '", required)}', or nothing. {Damaged}");
        }
    }

    private static void Setting(string name, PthValue value, string kind, string where)
    {
        if (KindOf(value) != kind)
        {
            throw new PthException(
                $"The state's setting '{name}' is {KindOf(value) ?? "something else"}; it must be {kind}. Load the state of the same kind of optimizer.");
        }

        PthDict one = new() { [name] = value };
        double[] numbers = OptimizerStateDict.Number(one, name) is { } number ? [number]
            : OptimizerStateDict.Pair(one, name) is { } pair ? [pair.First, pair.Second]
            : [];
        if (StateRanges.Wrong(RangeNameOf(name), numbers) is { } wrong)
        {
            string shown = numbers.Length == 2 ? $"({Text(numbers[0])}, {Text(numbers[1])})" : Text(wrong.Number);
            string which = numbers.Length == 2 ? $"{Text(wrong.Number)} in it must be" : "it must be";
            throw new PthException($"The state's setting '{name}'{where} is {shown}; {which} {wrong.Range}. {Damaged}");
        }
    }

    // What schedules start from is of the kind, and in the range, of the setting itself. Adagrad has a setting of its own that begins so.
    private static string? KindOf(PthDict own, string name) =>
        own.TryGetValue(name, out PthValue? expected) ? KindOf(expected)
        : name.StartsWith(Initial, StringComparison.Ordinal) ? "a number"
        : null;

    private static string RangeNameOf(string name) =>
        name.StartsWith(Initial, StringComparison.Ordinal) && name != "initial_accumulator_value" ? name[Initial.Length..] : name;

    private static string? KindOf(PthValue value) => value switch
    {
        PthBool => "a truth value",
        PthSequence { Items: [var first, var second] } when OptimizerStateDict.Number(first) is { } && OptimizerStateDict.Number(second) is { } => "a pair of numbers",
        _ => OptimizerStateDict.Number(value) is { } ? "a number" : null,
    };

    // The count of updates was a plain number before PyTorch 1.12; a momentum that does not exist yet is None.
    private static bool Fits(Parameter parameter, string name, PthValue value) => value switch
    {
        PthTensor { Value: var tensor } => Scalars.Contains(name)
            ? tensor.numel() == 1 && !tensor.is_complex()
            : tensor.shape.SequenceEqual(parameter.shape) && tensor.is_complex() == parameter.is_complex() && (tensor.is_floating_point() || tensor.is_complex()),
        PthInteger or PthFloat => Scalars.Contains(name),
        PthNone => true,
        _ => false,
    };

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
