using System.Runtime.InteropServices;
using TorchSharp;

namespace Compat.Torch.Native;

/// <summary>C++ functions of one of libtorch's libraries that are called by their mangled names, looked up once.</summary>
/// <param name="library">The library, without prefix and ending.</param>
/// <param name="feature">What needs them, as the beginning of a sentence.</param>
/// <param name="cure">What to do without them.</param>
/// <param name="names">The names as the Itanium C++ ABI mangles them, on Linux and macOS. Windows mangles differently and has none of them.</param>
internal sealed class SymbolTable(string library, string feature, string cure, params string[] names)
{
    private readonly Lazy<nint[]> addresses = new(() => Probe(library, names));

    /// <summary>Gets what needs the functions.</summary>
    public string Feature => feature;

    /// <summary>Gets the names that the library does not export.</summary>
    public IReadOnlyList<string> Missing => [.. names.Where((_, i) => addresses.Value[i] == 0)];

    /// <summary>Gets the address of a function by its place in the list.</summary>
    /// <exception cref="PlatformNotSupportedException">The library does not export it.</exception>
    public nint this[int place] => addresses.Value[place] is var address and not 0
        ? address
        : throw new PlatformNotSupportedException(
            $"{feature} needs {names[place]} from lib{library}, which this build for {RuntimeInformation.RuntimeIdentifier} does not export. {cure}");

    private static nint[] Probe(string library, string[] names)
    {
        TorchEnvironment.EnsureLoaded();
        return NativeLibrary.TryLoad(library, typeof(torch).Assembly, null, out nint handle)
            ? Array.ConvertAll(names, name => NativeLibrary.TryGetExport(handle, name, out nint address) ? address : 0)
            : new nint[names.Length];
    }
}
