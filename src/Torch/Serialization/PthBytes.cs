namespace Compat.Torch.Serialization;

/// <summary>Raw bytes.</summary>
/// <param name="Value">The bytes.</param>
public sealed record PthBytes(ReadOnlyMemory<byte> Value) : PthValue;
