using System.Security.Cryptography;
using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>The temporaries of <see cref="AtomicFile"/>: their names, their locks, and what killed writers left of them.</summary>
internal static class TemporaryFile
{
    private const string Extension = ".tmp";
    private const int GuidLength = 32;
    private const int LongestName = 255;

    /// <summary>Gets how old a temporary must be before another writer takes it for left behind.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromHours(1);

    /// <summary>Gives a new name beside a file.</summary>
    public static string NewName(string target) => Path.Combine(Path.GetDirectoryName(target)!, $"{PrefixOf(target)}{Guid.NewGuid():N}{Extension}");

    /// <summary>Makes a temporary and locks it until it is closed. It has the permissions of the file that it is to replace.</summary>
    public static FileStream Open(string temporary, string target)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (OperatingSystem.IsWindows() || !File.Exists(target))
        {
            return new FileStream(temporary, options);
        }

        options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;      // nobody else may read it before its permissions are set
        FileStream stream = new(temporary, options);
        File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(target));
        return stream;
    }

    /// <summary>Removes what killed writers of a file left.</summary>
    /// <param name="target">The file.</param>
    /// <param name="own">The temporary of this writer, which is locked.</param>
    public static void RemoveLeft(string target, string own)
    {
        string prefix = PrefixOf(target);
        DateTime limit = TimeProvider.System.GetUtcNow().UtcDateTime - Age;
        string[] old = [.. Directory.EnumerateFiles(Path.GetDirectoryName(target)!)
            .Where(file => IsTemporary(Path.GetFileName(file), prefix) && File.GetLastWriteTimeUtc(file) < limit)];

        // Who can lock what is locked already is on a file system without locks.
        if (old.Length > 0 && !TryLocked(own, static _ => { }))
        {
            Array.ForEach(old, static file => TryLocked(file, File.Delete));
        }
    }

    private static bool IsTemporary(string name, string prefix) =>
        name.Length == prefix.Length + GuidLength + Extension.Length
        && name.StartsWith(prefix, StringComparison.Ordinal)
        && name.EndsWith(Extension, StringComparison.Ordinal)
        && Guid.TryParseExact(name.AsSpan(prefix.Length, GuidLength), "N", out _);

    // A name that the file system just takes has no room for more.
    private static string PrefixOf(string target)
    {
        string name = Path.GetFileName(target);
        bool fits = Encoding.UTF8.GetByteCount(name) <= LongestName - GuidLength - Extension.Length - 2;
        return fits ? $".{name}." : $".{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}.";
    }

    private static bool TryLocked(string file, Action<string> act)
    {
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);
            act(file);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;                                             // locked, gone meanwhile, or somebody else's
        }
    }
}
