using System.Numerics;

namespace Compat.Torch.Serialization;

/// <summary>A whole number of any size.</summary>
/// <param name="Value">The number.</param>
public sealed record PthInteger(BigInteger Value) : PthValue;
