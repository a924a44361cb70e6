using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>Where the values of a tensor lie. TorchSharp's spans end at 2 GB.</summary>
internal static unsafe class TensorMemory
{
    private static readonly SymbolTable Table = new("LibTorchSharp", "Training with several processes", "Train with one process.", "THSTensor_data");

    /// <summary>Gets the address of the first value. The caller keeps the tensor alive while it is used.</summary>
    public static nint Address(Tensor tensor) => ((delegate* unmanaged<nint, nint>)Table[0])(tensor.Handle);
}
