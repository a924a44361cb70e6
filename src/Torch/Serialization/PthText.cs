namespace Compat.Torch.Serialization;

/// <summary>A text.</summary>
/// <param name="Value">The text.</param>
public sealed record PthText(string Value) : PthValue;
