namespace Compat.Torch;

/// <summary>
/// Marks a type that may hold tensors in its fields although it is no module. Every other field that holds a tensor is an error that the
/// architecture tests find: a tensor without a visible owner is a leak of native memory.
/// </summary>
/// <param name="owner">Who disposes the tensors and when, for example <c>"owner: the iteration's dispose scope"</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class HoldsTensorsAttribute(string owner) : Attribute
{
    /// <summary>Gets who disposes the tensors and when.</summary>
    public string Owner { get; } = owner;
}
