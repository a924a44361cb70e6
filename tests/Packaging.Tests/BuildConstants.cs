using System.IO;
using System.Linq;
using System.Reflection;

namespace Compat.Packaging.Tests;

/// <summary>What MSBuild knew when it built this assembly.</summary>
internal static class BuildConstants
{
    public static string NuGetPackageRoot { get; } = Read(nameof(NuGetPackageRoot));

    public static string TorchSharpVersion { get; } = Read(nameof(TorchSharpVersion));

    public static string LibTorchVersion { get; } = Read(nameof(LibTorchVersion));

    /// <summary>TorchSharp's native library as its package has it.</summary>
    public static string OriginalLibrary { get; } =
        Path.Combine(NuGetPackageRoot, "torchsharp", TorchSharpVersion, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    private static string Read(string key) =>
        typeof(BuildConstants).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
