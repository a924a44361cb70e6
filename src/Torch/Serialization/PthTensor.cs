using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>A tensor on the CPU. Tensors that share a storage in the file share it here.</summary>
/// <param name="Value">The tensor. Borrowed: it belongs to the <see cref="PthFile"/>, or to whoever writes.</param>
/// <param name="RequiresGrad">Whether autograd follows it.</param>
/// <param name="IsParameter">Whether it is a <c>torch.nn.Parameter</c>. It is written as a plain tensor.</param>
[HoldsTensors("owner: the PthFile that it was read from, or whoever writes it")]
public sealed record PthTensor(Tensor Value, bool RequiresGrad = false, bool IsParameter = false) : PthValue
{
    /// <summary>Gets whether it stands for the storage itself, which tensors are views of.</summary>
    internal bool IsStorage { get; init; }
}
