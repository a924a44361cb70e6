using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>Finds a field, to read and write it.</summary>
internal delegate ref TValue FieldOf<in TOwner, TValue>(TOwner owner);

/// <summary>How PyTorch names what one of TorchSharp's optimizers remembers of a parameter, and what its groups are set to.</summary>
/// <typeparam name="TState">TorchSharp's state.</typeparam>
/// <typeparam name="TOptions">TorchSharp's settings.</typeparam>
internal sealed class OptimizerLayout<TState, TOptions> : IOptimizerLayout
    where TState : OptimizerState
    where TOptions : OptimizerOptions, new()
{
    /// <summary>Gets the count of updates, if there is one.</summary>
    public FieldOf<TState, long>? Step { get; init; }

    public (string Name, FieldOf<TState, double> Field)[] Numbers { get; init; } = [];

    public required (string Name, FieldOf<TState, Tensor?> Field)[] Tensors { get; init; }

    public required (string Name, FieldOf<TOptions, double?> Field)[] Settings { get; init; }

    public (string Name, FieldOf<TOptions, double?> First, FieldOf<TOptions, double?> Second)[] Pairs { get; init; } = [];

    public (string Name, FieldOf<TOptions, bool?> Field)[] Flags { get; init; } = [];

    public IReadOnlyList<string> Names =>
    [
        .. Step is null ? Array.Empty<string>() : ["step"],
        .. Numbers.Select(number => number.Name),
        .. Tensors.Select(tensor => tensor.Name),
    ];

    public PthDict Save(OptimizerState state)
    {
        TState own = (TState)state;
        PthDict entries = [];
        if (Step is not null)
        {
            entries["step"] = new PthTensor(tensor((float)Step(own)));
        }

        // In double precision: the product of the momenta would lose bits that decide how training goes on.
        foreach ((string name, FieldOf<TState, double> field) in Numbers)
        {
            entries[name] = new PthTensor(tensor(field(own)));
        }

        foreach ((string name, FieldOf<TState, Tensor?> field) in Tensors)
        {
            if (field(own) is { } value)
            {
                entries[name] = new PthTensor(HostRead.ToCpu(value.detach()).clone());
            }
        }

        return entries;
    }

    public void Load(OptimizerState state, Parameter parameter, PthDict entries)
    {
        TState own = (TState)state;
        if (Step is not null)
        {
            Step(own) = (long)(OptimizerStateDict.Number(entries, "step") ?? Step(own));
        }

        foreach ((string name, FieldOf<TState, double> field) in Numbers)
        {
            field(own) = OptimizerStateDict.Number(entries, name) ?? field(own);
        }

        foreach ((string name, FieldOf<TState, Tensor?> field) in Tensors)
        {
            if (entries.TryGetValue(name, out PthValue? value) && value is PthTensor saved)
            {
                field(own)?.Dispose();
                field(own) = saved.Value.detach().to(parameter.dtype).to(parameter.device).clone().DetachFromDisposeScope();
            }
        }
    }

    public PthDict Save(OptimizerOptions options)
    {
        TOptions own = (TOptions)options;
        PthDict saved = [];
        foreach ((string name, FieldOf<TOptions, double?> first, FieldOf<TOptions, double?> second) in Pairs)
        {
            saved[name] = new PthSequence(PthSequenceKind.Tuple, first(own)!.Value, second(own)!.Value);
        }

        foreach ((string name, FieldOf<TOptions, double?> field) in Settings)
        {
            saved[name] = field(own)!.Value;
        }

        foreach ((string name, FieldOf<TOptions, bool?> field) in Flags)
        {
            saved[name] = field(own)!.Value;
        }

        return saved;
    }

    public void Load(OptimizerOptions options, PthDict saved)
    {
        TOptions own = (TOptions)options;
        foreach ((string name, FieldOf<TOptions, double?> first, FieldOf<TOptions, double?> second) in Pairs)
        {
            (first(own), second(own)) = OptimizerStateDict.Pair(saved, name) ?? (first(own)!.Value, second(own)!.Value);
        }

        foreach ((string name, FieldOf<TOptions, double?> field) in Settings)
        {
            field(own) = OptimizerStateDict.Number(saved, name) ?? field(own);
        }

        foreach ((string name, FieldOf<TOptions, bool?> field) in Flags)
        {
            field(own) = OptimizerStateDict.Flag(saved, name) ?? field(own);
        }
    }

    public OptimizerOptions Copy(OptimizerOptions options)
    {
        TOptions copy = new();
        Load(copy, Save(options));
        return copy;
    }
}
