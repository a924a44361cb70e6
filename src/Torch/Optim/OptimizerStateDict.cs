using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>PyTorch's layout of an optimizer's state: parameters are numbered through all groups, in order.</summary>
internal static class OptimizerStateDict
{
    // Of our own entry beside PyTorch's two, which PyTorch leaves alone.
    private const int Version = 1;

    // One number of a parameter's state; everything else has the parameter's shape.
    private static readonly string[] Scalars = ["step", "mu_product", "eta", "mu"];

    public static PthDict Save(IOptimizerStates optimizer)
    {
        PthDict saved = [];
        List<PthValue> paramGroups = [];
        long number = 0;
        for (int i = 0; i < optimizer.Members.Count; i++)
        {
            List<PthValue> numbers = [];
            foreach (Parameter parameter in optimizer.Members[i])
            {
                PthDict entries = optimizer.EntriesOf(parameter);
                if (entries.Count > 0)
                {
                    saved.Set(number, entries);
                }

                numbers.Add(number++);
            }

            PthDict group = optimizer.Groups[i].SaveSettings();
            group["params"] = new PthSequence(PthSequenceKind.List, numbers);
            paramGroups.Add(group);
        }

        return new PthDict
        {
            ["state"] = saved,
            ["param_groups"] = new PthSequence(PthSequenceKind.List, paramGroups),
            ["compat"] = new PthDict { ["version"] = Version, ["kernels"] = optimizer.Kernels },
        };
    }

    /// <exception cref="PthException">The state does not fit; nothing was changed.</exception>
    public static void Load(IOptimizerStates optimizer, PthDict state)
    {
        using DisposeScope scope = NewDisposeScope();
        PthDict[] groups = GroupsOf(state, optimizer.Members);
        for (int i = 0; i < groups.Length; i++)
        {
            optimizer.Groups[i].CheckSettings(groups[i]);
        }

        (Parameter Parameter, PthDict Entries)[] entries = [.. EntriesOf((PthDict)state["state"], groups, optimizer.Members)];
        foreach ((Parameter parameter, PthDict own) in entries)
        {
            Check(optimizer, parameter, own);
        }

        for (int i = 0; i < groups.Length; i++)
        {
            optimizer.Groups[i].LoadSettings(groups[i]);
        }

        foreach ((Parameter parameter, PthDict own) in entries)
        {
            optimizer.SetEntries(parameter, own);
        }
    }

    /// <summary>Reads a number, whatever its kind.</summary>
    public static double? Number(PthDict values, string name) => values.TryGetValue(name, out PthValue? value) ? Number(value) : null;

    /// <summary>Reads a pair of numbers, such as <c>betas</c>.</summary>
    public static (double First, double Second)? Pair(PthDict values, string name) =>
        values.TryGetValue(name, out PthValue? value)
        && value is PthSequence { Items: [var first, var second] }
        && Number(first) is { } one
        && Number(second) is { } two
            ? (one, two)
            : null;

    /// <summary>Reads a truth value of a group's settings.</summary>
    public static bool? Flag(PthDict options, string name) => options.TryGetValue(name, out PthValue? value) && value is PthBool flag ? flag.Value : null;

    /// <summary>Checks that settings are of the kinds that a group has. None stands for one that was not given; the group keeps its own then.</summary>
    /// <exception cref="PthException">One is of another kind.</exception>
    public static void CheckOptions(PthDict own, PthDict saved)
    {
        foreach ((PthValue key, PthValue value) in saved)
        {
            if (value is not PthNone
                && key is PthText name
                && own.TryGetValue(name.Value, out PthValue? expected)
                && KindOf(expected) is { } kind
                && KindOf(value) != kind)
            {
                throw new PthException(
                    $"The state's setting '{name.Value}' is {KindOf(value) ?? "something else"}; it must be {kind}. "
                    + "Load the state of the same kind of optimizer.");
            }
        }
    }

    private static double? Number(PthValue value) => value switch
    {
        PthFloat number => number.Value,
        PthInteger number => (double)number.Value,
        PthTensor tensor when tensor.Value.numel() == 1 => HostRead.Number<double>(tensor.Value.to(ScalarType.Float64)),
        _ => null,
    };

    private static PthDict[] GroupsOf(PthDict state, IReadOnlyList<Parameter[]> members)
    {
        if (!state.TryGetValue("param_groups", out PthValue? list)
            || list is not PthSequence groups
            || !state.TryGetValue("state", out PthValue? tensors)
            || tensors is not PthDict)
        {
            throw new PthException(
                "The value is no state of an optimizer: it lacks 'state' or 'param_groups'. Give what the checkpoint has under 'optimizer'.");
        }

        if (state.TryGetValue("compat", out PthValue? own) && own is PthDict compat && Number(compat, "version") > Version)
        {
            throw new PthException(
                $"The state of the optimizer has version {Number(compat, "version")}; this Compat reads up to {Version}. Update Compat, or resume with the one that "
                + "wrote it.");
        }

        PthDict[] options = [.. groups.Items.OfType<PthDict>()];
        int[] sizes = [.. options.Select(group => group.TryGetValue("params", out PthValue? numbers) && numbers is PthSequence list ? list.Items.Count : -1)];
        return sizes.SequenceEqual(members.Select(group => group.Length))
            ? options
            : throw new PthException(
                $"The state has groups of {string.Join(", ", sizes)} parameters, the optimizer of {string.Join(", ", members.Select(group => group.Length))}. "
                + "Build the optimizer with the groups that it was saved with.");
    }

    private static IEnumerable<(Parameter Parameter, PthDict Entries)> EntriesOf(PthDict state, PthDict[] groups, IReadOnlyList<Parameter[]> members)
    {
        Dictionary<PthValue, PthDict> byNumber = [];
        foreach ((PthValue number, PthValue value) in state)
        {
            byNumber[number] = value as PthDict ?? throw new PthException("The state of a parameter is no dictionary. The file is damaged.");
        }

        return
            from i in Enumerable.Range(0, members.Count)
            from pair in members[i].Zip(((PthSequence)groups[i]["params"]).Items)
            select (pair.First, byNumber.TryGetValue(pair.Second, out PthDict? own) ? own : []);
    }

    private static string? KindOf(PthValue value) => value switch
    {
        PthBool => "a truth value",
        PthSequence { Items: [var first, var second] } when Number(first) is { } && Number(second) is { } => "a pair of numbers",
        _ => Number(value) is { } ? "a number" : null,
    };

    private static void Check(IOptimizerStates optimizer, Parameter parameter, PthDict entries)
    {
        foreach ((PthValue key, PthValue value) in entries)
        {
            string name = (key as PthText)?.Value ?? "?";
            if (!optimizer.Names.Contains(name))
            {
                throw new PthException(
                    $"The state has '{name}', which this optimizer does not keep (it keeps {string.Join(", ", optimizer.Names)}). Load the state of the "
                    + "same kind of optimizer.");
            }

            if (!Fits(parameter, name, value))
            {
                throw new PthException(
                    $"The state '{name}' does not fit a parameter of shape [{string.Join(", ", parameter.shape)}]. Load the state of the optimizer that "
                    + "trained this model.");
            }
        }
    }

    // The count of updates was a plain number before PyTorch 1.12; a momentum that does not exist yet is None.
    private static bool Fits(Parameter parameter, string name, PthValue value) => value switch
    {
        PthTensor tensor => Scalars.Contains(name) ? tensor.Value.numel() == 1 : tensor.Value.shape.SequenceEqual(parameter.shape),
        PthInteger or PthFloat => Scalars.Contains(name),
        PthNone => true,
        _ => false,
    };
}
