using System.Collections;
using Compat.Torch;
using static TorchSharp.torch;

namespace Compat.Engine.Model;

/// <summary>The losses of a training step, and whatever else shall be logged, by name: each a tensor of any shape, or a list of tensors.</summary>
/// <remarks>Entries whose name contains <c>loss</c> are added up and trained on; the others are only logged. See <see cref="BaseModel.ParseLosses"/>.</remarks>
/// <example><code>new LossDict { ["loss_cls"] = cross_entropy(scores, labels), ["accuracy"] = accuracy };</code></example>
[HoldsTensors("owner: the iteration's dispose scope")]
public sealed class LossDict : IEnumerable<KeyValuePair<string, IReadOnlyList<Tensor>>>
{
    private readonly OrderedDictionary<string, IReadOnlyList<Tensor>> entries = [];

    /// <summary>Gets the number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>Gets the names, in order.</summary>
    public IReadOnlyCollection<string> Names => entries.Keys;

    /// <summary>Sets an entry that is one tensor. Setting a name again keeps its place.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ArgumentNullException">There is no tensor.</exception>
    public Tensor this[string name]
    {
        set => entries[name] =
            [value ?? throw new ArgumentNullException(nameof(value), $"The loss '{name}' is null. Give it a tensor, or leave the entry out.")];
    }

    /// <summary>Sets an entry that is a list of tensors, for example one for each scale; their means are added up.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensors">The tensors, at least one.</param>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    public void Add(string name, IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        entries[name] = tensors.Count > 0
            ? tensors
            : throw new ArgumentException($"The loss '{name}' is an empty list. Leave the entry out, or give it at least one tensor.", nameof(tensors));
    }

    /// <summary>Enumerates the entries in order.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<string, IReadOnlyList<Tensor>>> GetEnumerator() => entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => entries.GetEnumerator();
}
