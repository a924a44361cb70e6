using System.Text.Json;

namespace Compat.TestSupport;

/// <summary>Stored runs of the Python originals: tests/Golden, or the folder that COMPAT_GOLDEN names.</summary>
public static class GoldenFile
{
    public static JsonElement Read(string name)
    {
        string path = Path.Combine(Folder(), name);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    /// <summary>Finds a file or folder of the stored runs.</summary>
    public static string PathOf(string name) => Path.Combine(Folder(), name);

    private static string Folder() =>
        Environment.GetEnvironmentVariable("COMPAT_GOLDEN") is { Length: > 0 } folder ? folder : Path.Combine(RepositoryRoot.Path, "tests", "Golden");
}
