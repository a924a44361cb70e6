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
        (PthDict[] groups, PthDict[] entries) = Read(optimizer, state);
        for (int i = 0; i < groups.Length; i++)
        {
            optimizer.Groups[i].LoadSettings(groups[i]);
        }

        foreach ((Parameter parameter, PthDict own) in optimizer.Members.SelectMany(group => group).Zip(entries))
        {
            optimizer.SetEntries(parameter, own);
        }
    }

    /// <summary>Checks whether <see cref="Load"/> would take a state.</summary>
    /// <exception cref="PthException">It would not.</exception>
    public static void Check(IOptimizerStates optimizer, PthDict state)
    {
        using DisposeScope scope = NewDisposeScope();
        Read(optimizer, state);
    }

    /// <summary>Tells whether a state that fits remembers nothing of any parameter, although the optimizer is one that does.</summary>
    public static bool IsForgetful(IOptimizerStates optimizer, PthDict state)
    {
        bool remembers = OptimizerStateCheck.Required(optimizer.Names).Any()
            || optimizer.Groups.Any(group => Number(group.SaveSettings(), "momentum") is { } momentum && momentum != 0);
        return remembers && ((PthDict)state["state"]).All(entry => entry.Value is PthDict own && own.All(one => one.Value is PthNone));
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

    /// <summary>Reads a number, whatever its kind: Python's, a tensor of one element, or a scalar of numpy.</summary>
    public static double? Number(PthValue value) => value is PthTensor tensor
        ? tensor.Value.numel() == 1 ? Number(tensor.Value) : null
        : value.AsNumber();

    private static double Number(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        return HostRead.Number<double>(tensor.to(ScalarType.Float64));
    }

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

        PthDict[] options = [.. groups.Items.Select((group, i) => group as PthDict ?? throw new PthException(
            $"The state's 'param_groups[{i}]' is a {group.GetType().Name}; it must be a dictionary. {OptimizerStateCheck.Damaged}"))];
        int[] sizes = [.. options.Select(group => group.TryGetValue("params", out PthValue? numbers) && numbers is PthSequence list ? list.Items.Count : -1)];
        return sizes.SequenceEqual(members.Select(group => group.Length))
            ? options
            : throw new PthException(
                $"The state has groups of {string.Join(", ", sizes)} parameters, the optimizer of {string.Join(", ", members.Select(group => group.Length))}. "
                + "Build the optimizer with the groups that it was saved with.");
    }

    // Gives the groups, and what is remembered of each parameter.
    private static (PthDict[] Groups, PthDict[] Entries) Read(IOptimizerStates optimizer, PthDict state)
    {
        PthDict[] groups = GroupsOf(state, optimizer.Members);
        for (int i = 0; i < groups.Length; i++)
        {
            optimizer.Groups[i].CheckSettings(groups[i], $" of group {i}");
        }

        PthValue[] numbers = [.. groups.SelectMany(group => ((PthSequence)group["params"]).Items)];
        Dictionary<PthValue, PthDict> byNumber = EntriesOf((PthDict)state["state"], numbers);
        PthDict[] entries = [.. numbers.Select(number => byNumber.GetValueOrDefault(number) ?? [])];
        foreach (((Parameter parameter, PthDict own), PthValue number) in optimizer.Members.SelectMany(group => group).Zip(entries).Zip(numbers))
        {
            OptimizerStateCheck.Entries(optimizer.Names, parameter, $"parameter {PthKey.Describe(number)}", own);
        }

        return (groups, entries);
    }

    private static Dictionary<PthValue, PthDict> EntriesOf(PthDict state, PthValue[] numbers)
    {
        HashSet<PthValue> listed = [];
        if (Array.Find(numbers, number => !listed.Add(number)) is { } twice)
        {
            throw new PthException($"The state's 'param_groups' list parameter {PthKey.Describe(twice)} twice; each must be in one group, once. {OptimizerStateCheck.Damaged}");
        }

        Dictionary<PthValue, PthDict> byNumber = [];
        foreach ((PthValue number, PthValue value) in state)
        {
            byNumber[number] = !listed.Contains(number)
                ? throw new PthException(
                    $"The state has entries of a parameter {PthKey.Describe(number)}, which is in none of its 'param_groups'; they list {listed.Count} parameters"
                    + $"{(numbers.Length > 0 ? $", {PthKey.Describe(numbers[0])} to {PthKey.Describe(numbers[^1])}" : string.Empty)}. {OptimizerStateCheck.Damaged}")
                : value as PthDict ?? throw new PthException($"The state of parameter {PthKey.Describe(number)} is a {value.GetType().Name}; it must be a dictionary. {OptimizerStateCheck.Damaged}");
        }

        return byNumber;
    }
}
