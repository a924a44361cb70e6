using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>What an optimizer remembers of one parameter: tensors by the names that PyTorch gives them, such as <c>exp_avg</c>.</summary>
/// <remarks>The tensors are kept: they survive dispose scopes and are freed with the optimizer.</remarks>
public sealed class ParameterState : IDisposable
{
    private readonly OrderedDictionary<string, StateTensor> tensors = [];

    internal ParameterState()
    {
    }

    /// <summary>Gets the names of the tensors, in the order in which they were made.</summary>
    public IReadOnlyCollection<string> Names => tensors.Keys;

    /// <summary>Gets a tensor by name. Borrowed.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is no such tensor yet.</exception>
    public Tensor this[string name] => tensors.TryGetValue(name, out StateTensor? tensor)
        ? tensor.Value
        : throw new KeyNotFoundException($"There is no state '{name}'. Names present: {(tensors.Count == 0 ? "none, the parameter was not updated yet" : string.Join(", ", tensors.Keys))}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (StateTensor tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        tensors.Clear();
    }

    /// <summary>Tells whether a tensor is there.</summary>
    internal bool Has(string name) => tensors.ContainsKey(name);

    /// <summary>Sets a tensor to a copy of another one.</summary>
    internal void Set(string name, Tensor value)
    {
        if (tensors.TryGetValue(name, out StateTensor? kept))
        {
            kept.Replace(value);
        }
        else
        {
            tensors.Add(name, new StateTensor(value));
        }
    }

    /// <summary>Gets a tensor, or makes one of zeros with the shape of a parameter.</summary>
    internal Tensor OfZeros(string name, Tensor like)
    {
        if (!tensors.TryGetValue(name, out StateTensor? kept))
        {
            using Tensor zeros = zeros_like(like);
            kept = new StateTensor(zeros);
            tensors.Add(name, kept);
        }

        return kept.Value;
    }

    /// <summary>Gets the count of updates, a 0-d float32 tensor on a device; 0 at first.</summary>
    internal Tensor Step(Device device)
    {
        if (!tensors.TryGetValue("step", out StateTensor? kept))
        {
            using Tensor zero = zeros([], ScalarType.Float32, device);
            kept = new StateTensor(zero);
            tensors.Add("step", kept);
        }

        kept.To(device);
        return kept.Value;
    }

    /// <summary>Moves everything but the count of updates, which each kernel puts where it needs it.</summary>
    internal void To(Device device)
    {
        foreach ((string name, StateTensor tensor) in tensors)
        {
            if (name != "step")
            {
                tensor.To(device);
            }
        }
    }

    /// <summary>Gives copies of all tensors on the CPU; fresh.</summary>
    internal PthDict ToPth()
    {
        PthDict entries = [];
        foreach ((string name, StateTensor tensor) in tensors)
        {
            entries[name] = new PthTensor(HostRead.ToCpu(tensor.Value).clone());
        }

        return entries;
    }

    /// <summary>Forgets all tensors and takes over others.</summary>
    internal void Load(Parameter parameter, PthDict entries)
    {
        Dispose();
        if (OptimizerStateDict.Number(entries, "step") is { } count)
        {
            Set("step", full([], count, ScalarType.Float32));
        }

        foreach ((PthValue key, PthValue value) in entries)
        {
            if (value is PthTensor tensor && key is PthText { Value: not "step" } name)
            {
                Set(name.Value, tensor.Value.to(parameter.dtype).to(parameter.device));
            }
        }
    }
}
