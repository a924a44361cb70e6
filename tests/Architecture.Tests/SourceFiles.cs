using Compat.TestSupport;

namespace Compat.Architecture.Tests;

/// <summary>The source files of the libraries.</summary>
internal static class SourceFiles
{
    public static IReadOnlyList<string> Of(string library) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src", library), "*.cs", SearchOption.AllDirectories)
            .Where(path => !Has(path, "obj") && !Has(path, "bin") && !Has(path, "build")),
    ];

    public static IReadOnlyList<string> All() => [.. new[] { "Torch", "Engine", "Legacy", "Adapters" }.SelectMany(Of)];

    private static bool Has(string path, string folder) =>
        path.Contains($"{Path.DirectorySeparatorChar}{folder}{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
}
