using System.Runtime.InteropServices;
using TorchSharp;

namespace Compat.Torch.Native;

/// <summary>Loads libtorch and says clearly what to do when it cannot be loaded.</summary>
public static class TorchEnvironment
{
    // TorchSharp's own property cannot be asked for it when its type fails to initialise, which is when it is needed.
    private const string LibTorchVersion = "2.10.0";

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Loads libtorch if this has not happened yet. Runners, loaders and the seeding call do this first.</summary>
    /// <exception cref="PlatformNotSupportedException">libtorch or TorchSharp's native library is missing or cannot be loaded.</exception>
    public static void EnsureLoaded() => _ = Loaded.Value;

    /// <summary>Describes what the program runs on, for a log or an issue.</summary>
    /// <returns>A few lines: versions, threads, devices, and what this libtorch lacks; the cause, if it cannot be loaded.</returns>
    public static string Describe()
    {
        try
        {
            EnsureLoaded();
        }
        catch (PlatformNotSupportedException exception)
        {
            return exception.Message;
        }

        bool hasCuda = torch.cuda.is_available();
        SymbolTable[] tables = [AutocastSymbols.Table, DeterminismSymbols.Table, .. hasCuda ? [CudaGenerators.Table] : Array.Empty<SymbolTable>()];
        string[] missing = [.. tables.Where(table => table.Missing.Count > 0).Select(table => $"{string.Join(", ", table.Missing)} ({table.Feature})")];
        return string.Join(
            '\n',
            $"TorchSharp: {typeof(torch).Assembly.GetName().Version}",
            $"libtorch: {torch.__version__} (what TorchSharp was built for)",
            $".NET: {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.OSDescription}",
            $"threads: {torch.get_num_threads()}",
            $"CUDA: {(hasCuda ? $"{torch.cuda.device_count()} device(s)" : "not available")}",
            $"missing symbols: {(missing.Length == 0 ? "none" : string.Join("; ", missing))}");
    }

    private static bool Load()
    {
        try
        {
            // Looked for first: TorchSharp would copy the whole of libtorch from the NuGet cache beside the program, and print pages, before it gives up.
            // Only in a notebook, where TorchSharp itself lies in the cache, is that the way to load it.
            bool isNotebook = typeof(torch).Assembly.Location.Contains($"{Path.DirectorySeparatorChar}torchsharp{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
            if (!isNotebook && (!CanLoad("torch_cpu") || !CanLoad("LibTorchSharp")))
            {
                throw new DllNotFoundException("libtorch_cpu or LibTorchSharp was not found beside the program.");
            }

            torch.InitializeDeviceType(DeviceType.CPU);
            return true;
        }
        catch (Exception exception) when (exception is NotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            throw new PlatformNotSupportedException(
                $"libtorch could not be loaded. The libraries of Compat do not bring it: the program chooses one. "
                + $"Add <PackageReference Include=\"{PackageForThisPlatform()}\" Version=\"{LibTorchVersion}\" /> to the program's project "
                + "(or TorchSharp-cuda-linux or TorchSharp-cuda-windows for a GPU). "
                + $"The loader said: {FirstLine(exception)}",
                exception);
        }
    }

    private static bool CanLoad(string library) => NativeLibrary.TryLoad(library, typeof(torch).Assembly, null, out _);

    private static string PackageForThisPlatform() =>
        OperatingSystem.IsWindows() ? "libtorch-cpu-win-x64"
        : OperatingSystem.IsMacOS() && RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "libtorch-cpu-osx-arm64"
        : "libtorch-cpu-linux-x64";

    private static string FirstLine(Exception exception) =>
        exception.GetBaseException().Message.Split('\n', 2)[0].Trim();
}
