namespace Compat.Torch.Serialization;

/// <summary>A truth value.</summary>
/// <param name="Value">The value.</param>
public sealed record PthBool(bool Value) : PthValue;
