using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>A batch whose fields are known by name only, as an old trainer's dictionary of tensors.</summary>
[HoldsTensors("owner: the iteration's dispose scope, or whoever enumerates the loader by hand")]
public sealed record NamedBatch : DataBatch
{
    private readonly string[] names;
    private readonly Tensor[] tensors;

    /// <summary>Makes a batch of named tensors.</summary>
    /// <param name="fields">The tensors by name, in the order in which they shall be listed. The batch takes them over.</param>
    public NamedBatch(params IEnumerable<KeyValuePair<string, Tensor>> fields)
    {
        KeyValuePair<string, Tensor>[] all = [.. fields];
        names = [.. all.Select(field => field.Key)];
        tensors = [.. all.Select(field => field.Value)];
    }

    /// <summary>Gets the names of the fields, in order.</summary>
    public IReadOnlyList<string> Names => names;

    /// <inheritdoc/>
    public override IReadOnlyList<Tensor> Tensors => tensors;

    /// <summary>Gets a field by its name. Borrowed.</summary>
    /// <param name="name">The name; upper and lower case matter.</param>
    /// <exception cref="KeyNotFoundException">The batch has no such field.</exception>
    public Tensor this[string name]
    {
        get
        {
            int index = Array.IndexOf(names, name);
            return index >= 0
                ? tensors[index]
                : throw new KeyNotFoundException($"The batch has no field '{name}'. Fields present: {string.Join(", ", names)}.");
        }
    }

    /// <inheritdoc/>
    public override DataBatch With(IReadOnlyList<Tensor> tensors) =>
        tensors.Count == names.Length
            ? new NamedBatch(names.Zip(tensors, KeyValuePair.Create)) { Indices = Indices }
            : throw new ArgumentException($"The batch has {names.Length} fields, but {tensors.Count} tensors were given.", nameof(tensors));
}
