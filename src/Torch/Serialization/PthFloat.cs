namespace Compat.Torch.Serialization;

/// <summary>A number.</summary>
/// <param name="Value">The number.</param>
public sealed record PthFloat(double Value) : PthValue;
