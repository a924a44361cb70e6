using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>libtorch's own autocast switches, which are C++ functions of plain numbers. They hold for the calling thread.</summary>
internal static unsafe class AutocastSymbols
{
    private const string Prefix = "_ZN2at8autocast";

    private static readonly Lazy<Dictionary<string, nint>> Exports = new(Probe);

    // As the Itanium C++ ABI mangles them on Linux and macOS; other platforms mangle differently and have none of these.
    private static readonly string[] Names =
    [
        "20set_autocast_enabledEN3c1010DeviceTypeEb",
        "19is_autocast_enabledEN3c1010DeviceTypeE",
        "18set_autocast_dtypeEN3c1010DeviceTypeENS1_10ScalarTypeE",
        "18get_autocast_dtypeEN3c1010DeviceTypeE",
        "26set_autocast_cache_enabledEb",
        "25is_autocast_cache_enabledEv",
        "17increment_nestingEv",
        "17decrement_nestingEv",
        "11clear_cacheEv",
    ];

    /// <summary>Gets the names of the switches that this libtorch does not export.</summary>
    public static IReadOnlyList<string> Missing => [.. Names.Where(name => !Exports.Value.ContainsKey(name)).Select(name => Prefix + name)];

    public static bool IsEnabled(DeviceType device) => ((delegate* unmanaged<sbyte, byte>)Export(1))((sbyte)device) != 0;

    public static void SetEnabled(DeviceType device, bool enabled) =>
        ((delegate* unmanaged<sbyte, byte, void>)Export(0))((sbyte)device, enabled ? (byte)1 : (byte)0);

    public static ScalarType Dtype(DeviceType device) => (ScalarType)((delegate* unmanaged<sbyte, sbyte>)Export(3))((sbyte)device);

    public static void SetDtype(DeviceType device, ScalarType dtype) => ((delegate* unmanaged<sbyte, sbyte, void>)Export(2))((sbyte)device, (sbyte)dtype);

    public static bool IsCacheEnabled() => ((delegate* unmanaged<byte>)Export(5))() != 0;

    public static void SetCacheEnabled(bool enabled) => ((delegate* unmanaged<byte, void>)Export(4))(enabled ? (byte)1 : (byte)0);

    public static int IncrementNesting() => ((delegate* unmanaged<int>)Export(6))();

    public static int DecrementNesting() => ((delegate* unmanaged<int>)Export(7))();

    public static void ClearCache() => ((delegate* unmanaged<void>)Export(8))();

    private static nint Export(int index) => Exports.Value.TryGetValue(Names[index], out nint address)
        ? address
        : throw new PlatformNotSupportedException(
            $"Autocast needs {Prefix}{Names[index]} from libtorch, which this build for {RuntimeInformation.RuntimeIdentifier} does not export. "
            + "It is there in the Linux builds of libtorch 2.10; elsewhere train in full precision.");

    private static Dictionary<string, nint> Probe()
    {
        TorchEnvironment.EnsureLoaded();
        Dictionary<string, nint> found = [];
        if (NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out nint library))
        {
            foreach (string name in Names)
            {
                if (NativeLibrary.TryGetExport(library, Prefix + name, out nint address))
                {
                    found.Add(name, address);
                }
            }
        }

        return found;
    }
}
