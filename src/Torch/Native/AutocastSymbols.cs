using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>libtorch's own autocast switches, which are C++ functions of plain numbers. They hold for the calling thread.</summary>
internal static unsafe class AutocastSymbols
{
    public static SymbolTable Table { get; } = new(
        "torch_cpu",
        "Autocast",
        "It is there in the Linux builds of libtorch 2.10; elsewhere train in full precision.",
        "_ZN2at8autocast20set_autocast_enabledEN3c1010DeviceTypeEb",
        "_ZN2at8autocast19is_autocast_enabledEN3c1010DeviceTypeE",
        "_ZN2at8autocast18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE",
        "_ZN2at8autocast18get_autocast_dtypeEN3c1010DeviceTypeE",
        "_ZN2at8autocast26set_autocast_cache_enabledEb",
        "_ZN2at8autocast25is_autocast_cache_enabledEv",
        "_ZN2at8autocast17increment_nestingEv",
        "_ZN2at8autocast17decrement_nestingEv",
        "_ZN2at8autocast11clear_cacheEv");

    public static bool IsEnabled(DeviceType device) => ((delegate* unmanaged<sbyte, byte>)Table[1])((sbyte)device) != 0;

    public static void SetEnabled(DeviceType device, bool enabled) =>
        ((delegate* unmanaged<sbyte, byte, void>)Table[0])((sbyte)device, enabled ? (byte)1 : (byte)0);

    public static ScalarType Dtype(DeviceType device) => (ScalarType)((delegate* unmanaged<sbyte, sbyte>)Table[3])((sbyte)device);

    public static void SetDtype(DeviceType device, ScalarType dtype) => ((delegate* unmanaged<sbyte, sbyte, void>)Table[2])((sbyte)device, (sbyte)dtype);

    public static bool IsCacheEnabled() => ((delegate* unmanaged<byte>)Table[5])() != 0;

    public static void SetCacheEnabled(bool enabled) => ((delegate* unmanaged<byte, void>)Table[4])(enabled ? (byte)1 : (byte)0);

    public static int IncrementNesting() => ((delegate* unmanaged<int>)Table[6])();

    public static int DecrementNesting() => ((delegate* unmanaged<int>)Table[7])();

    public static void ClearCache() => ((delegate* unmanaged<void>)Table[8])();
}
