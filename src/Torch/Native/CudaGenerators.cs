using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>The random generators of CUDA devices, which TorchSharp can seed but not read.</summary>
internal static unsafe partial class CudaGenerators
{
    public static SymbolTable Table { get; } = new(
        "torch_cuda",
        "The random state of a CUDA device",
        "Seed at the beginning of the run; a resumed one then draws other numbers on the GPU.",
        "_ZN2at4cuda6detail23getDefaultCUDAGeneratorEa");

    /// <summary>Gets the number of devices whose generators can be read.</summary>
    public static int Count => cuda.is_available() && Table.Missing.Count == 0 ? cuda.device_count() : 0;

    /// <summary>Reads a device's generator.</summary>
    /// <returns>Its state, bytes on the CPU; fresh.</returns>
    public static Tensor State(int device)
    {
        nint state = THSGenerator_get_rng_state(Of(device));
        CheckForErrors();
        return Tensor.UnsafeCreateTensor(state);
    }

    /// <summary>Sets a device's generator.</summary>
    public static void SetState(int device, Tensor state)
    {
        THSGenerator_set_rng_state(Of(device), state.Handle);
        CheckForErrors();
        GC.KeepAlive(state);
    }

    // at::Generator const&: the address of libtorch's own object, which is what TorchSharp's functions take.
    private static nint Of(int device) => ((delegate* unmanaged<sbyte, nint>)Table[0])((sbyte)device);

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSGenerator_get_rng_state(nint generator);

    [LibraryImport("LibTorchSharp")]
    private static partial void THSGenerator_set_rng_state(nint generator, nint state);
}
