using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>The elements that one or several tensors show.</summary>
[HoldsTensors("owner: whoever writes; lives for one file")]
internal sealed class WriterStorage(int key, Tensor first)
{
    /// <summary>Gets its number in the file.</summary>
    public int Key => key;

    /// <summary>Gets the type of its elements.</summary>
    public ScalarType Type { get; } = first.dtype;

    /// <summary>Gets how many elements are written: as many as the furthest tensor reaches.</summary>
    public long Count { get; private set; }

    /// <summary>Makes sure that the elements of a tensor are written.</summary>
    /// <exception cref="PthException">The tensor shows them as another type.</exception>
    public void Cover(Tensor tensor)
    {
        if (tensor.dtype != Type)
        {
            throw new PthException(
                $"Tensors of the types {Type} and {tensor.dtype} show the same memory, as view_as_real(c) shows that of c. A file has one type for it. "
                + "Write one of them, or clone the other.");
        }

        if (tensor.numel() > 0)
        {
            long last = tensor.storage_offset() + tensor.shape.Zip(tensor.stride(), (size, stride) => (size - 1) * stride).Sum();
            Count = Math.Max(Count, last + 1);
        }
    }

    /// <summary>Writes the elements.</summary>
    public void CopyTo(Stream target)
    {
        using Tensor plain = first.detach();
        using Tensor whole = plain.as_strided([Count], [1], 0);
        StorageMemory.CopyTo(whole, target);
    }
}
