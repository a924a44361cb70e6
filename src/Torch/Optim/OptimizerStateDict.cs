using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>PyTorch's layout of an optimizer's state: parameters are numbered through all groups, in order.</summary>
internal static class OptimizerStateDict
{
    public static PthDict Save(
        IReadOnlyList<Parameter[]> members,
        IReadOnlyDictionary<Parameter, ParameterState> states,
        Func<int, PthDict> optionsOf,
        IReadOnlyList<OptimizerGroup> groups)
    {
        PthDict saved = [];
        List<PthValue> paramGroups = [];
        long number = 0;
        for (int i = 0; i < members.Count; i++)
        {
            List<PthValue> numbers = [];
            foreach (Parameter parameter in members[i])
            {
                if (states[parameter].Names.Count > 0)
                {
                    saved.Set(number, TensorsOf(states[parameter]));
                }

                numbers.Add(number++);
            }

            PthDict group = optionsOf(i);
            group["lr"] = groups[i].Lr;
            if (groups[i].InitialLr is { } initial)
            {
                group["initial_lr"] = initial;
            }

            group["params"] = new PthSequence(PthSequenceKind.List, numbers);
            paramGroups.Add(group);
        }

        return new PthDict { ["state"] = saved, ["param_groups"] = new PthSequence(PthSequenceKind.List, paramGroups) };
    }

    /// <summary>Checks that a state fits, before anything is changed.</summary>
    /// <returns>The settings of each group.</returns>
    public static PthDict[] Check(PthDict state, IReadOnlyList<Parameter[]> members)
    {
        if (!state.TryGetValue("param_groups", out PthValue? list) || list is not PthSequence groups || !state.TryGetValue("state", out PthValue? tensors) || tensors is not PthDict)
        {
            throw new PthException("The value is no state of an optimizer: it lacks 'state' or 'param_groups'. Give what the checkpoint has under 'optimizer'.");
        }

        PthDict[] options = [.. groups.Items.OfType<PthDict>()];
        int[] sizes = [.. options.Select(group => group.TryGetValue("params", out PthValue? numbers) && numbers is PthSequence list ? list.Items.Count : -1)];
        if (!sizes.SequenceEqual(members.Select(group => group.Length)))
        {
            throw new PthException(
                $"The state has groups of {string.Join(", ", sizes)} parameters, the optimizer of {string.Join(", ", members.Select(group => group.Length))}. "
                + "Build the optimizer with the groups that it was saved with.");
        }

        foreach ((Parameter parameter, string name, PthValue value) in Entries(state, options, members))
        {
            if (!Fits(parameter, name, value))
            {
                throw new PthException(
                    $"The state '{name}' does not fit a parameter of shape [{string.Join(", ", parameter.shape)}]. Load the state of the optimizer that trained this model.");
            }
        }

        return options;
    }

    public static void Load(
        PthDict state,
        PthDict[] options,
        IReadOnlyList<Parameter[]> members,
        IReadOnlyDictionary<Parameter, ParameterState> states,
        IReadOnlyList<OptimizerGroup> groups)
    {
        for (int i = 0; i < members.Count; i++)
        {
            groups[i].Lr = Number(options[i], "lr") ?? groups[i].Lr;
            groups[i].InitialLr = Number(options[i], "initial_lr") ?? groups[i].InitialLr;
            Array.ForEach(members[i], parameter => states[parameter].Dispose());
        }

        foreach ((Parameter parameter, string name, PthValue value) in Entries(state, options, members))
        {
            LoadOne(states[parameter], parameter, name, value);
        }
    }

    /// <summary>Reads a number of a group's settings.</summary>
    public static double? Number(PthDict options, string name) => options.TryGetValue(name, out PthValue? value)
        ? value switch
        {
            PthFloat number => number.Value,
            PthInteger number => (double)number.Value,
            PthTensor tensor => tensor.Value.to(ScalarType.Float64).item<double>(),
            _ => null,
        }
        : null;

    /// <summary>Reads a truth value of a group's settings.</summary>
    public static bool? Flag(PthDict options, string name) => options.TryGetValue(name, out PthValue? value) && value is PthBool flag ? flag.Value : null;

    private static PthDict TensorsOf(ParameterState state)
    {
        PthDict tensors = [];
        foreach (string name in state.Names)
        {
            tensors[name] = new PthTensor(state[name].detach().cpu().clone());
        }

        return tensors;
    }

    private static IEnumerable<(Parameter Parameter, string Name, PthValue Value)> Entries(
        PthDict state, PthDict[] options, IReadOnlyList<Parameter[]> members)
    {
        Dictionary<PthValue, PthDict> byNumber = [];
        foreach ((PthValue number, PthValue value) in (PthDict)state["state"])
        {
            byNumber[number] = value as PthDict ?? throw new PthException("The state of a parameter is no dictionary. The file is damaged.");
        }

        return
            from i in Enumerable.Range(0, members.Count)
            from pair in members[i].Zip(((PthSequence)options[i]["params"]).Items)
            from entry in byNumber.TryGetValue(pair.Second, out PthDict? own) ? own : []
            select (pair.First, (entry.Key as PthText)?.Value ?? string.Empty, entry.Value);
    }

    private static bool Fits(Parameter parameter, string name, PthValue value) => value switch
    {
        PthTensor tensor => name == "step" ? tensor.Value.numel() == 1 : tensor.Value.shape.SequenceEqual(parameter.shape),
        PthInteger or PthFloat => name == "step",
        PthNone => true,
        _ => false,
    };

    // The count of updates was a plain number before PyTorch 1.12; a momentum that does not exist yet is None.
    private static void LoadOne(ParameterState state, Parameter parameter, string name, PthValue value)
    {
        switch (value)
        {
            case PthTensor tensor when name == "step":
                state.Set(name, tensor.Value.reshape([]).to(ScalarType.Float32));
                break;
            case PthTensor tensor:
                state.Set(name, tensor.Value.to(parameter.dtype).to(parameter.device));
                break;
            case PthInteger count:
                state.Set(name, full([], (double)count.Value, ScalarType.Float32));
                break;
            case PthFloat count:
                state.Set(name, full([], count.Value, ScalarType.Float32));
                break;
            default:
                break;
        }
    }
}
