using System.Security.Cryptography;
using System.Text;

namespace Compat.Torch.Serialization;

/// <summary>The temporary files of <see cref="AtomicFile"/>: what they are called, and which may be removed.</summary>
internal static class TemporaryFiles
{
    private const string Extension = ".tmp";
    private const int GuidLength = 32;
    private const int LongestName = 255;

    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1);

    // A folder may let somebody write who may not list it; there nothing is found, and nothing removed. Hidden files are those that are looked for.
    private static readonly EnumerationOptions Listing = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };

    /// <summary>Makes a new name, beside the file and hidden.</summary>
    public static string NameFor(string target) => Path.Combine(Path.GetDirectoryName(target)!, $"{PrefixOf(target)}{Guid.NewGuid():N}{Extension}");

    /// <summary>Removes what writers of a file left that were killed: over an hour old, and locked by nobody.</summary>
    /// <param name="target">The file.</param>
    /// <param name="held">A temporary file that was just made and is open: it shows whether this file system knows locks. If not, nothing is removed.</param>
    public static void RemoveAbandoned(string target, string held)
    {
        // A process id in the name would say nothing: hosts and containers have processes with the same one.
        // Time is that of the file system, whose clock may differ from this machine's.
        DateTime limit = File.GetLastWriteTimeUtc(held) - AbandonedAfter;
        string prefix = PrefixOf(target);
        string[] old = [.. Directory.EnumerateFiles(Path.GetDirectoryName(target)!, "*", Listing).Where(file => IsFor(prefix, file) && File.GetLastWriteTimeUtc(file) < limit)];
        if (old.Length > 0 && !TryLock(held, FileOptions.None))
        {
            foreach (string file in old)
            {
                TryLock(file, FileOptions.DeleteOnClose);
            }
        }
    }

    // A long name has no room for more; its hash stands for it then.
    private static string PrefixOf(string target)
    {
        string name = Path.GetFileName(target);
        bool fits = Encoding.UTF8.GetByteCount(name) + 2 + GuidLength + Extension.Length <= LongestName;
        return fits ? $".{name}." : $".{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))}.";
    }

    private static bool IsFor(string prefix, string file)
    {
        ReadOnlySpan<char> name = Path.GetFileName(file.AsSpan());
        return name.Length == prefix.Length + GuidLength + Extension.Length
            && name.StartsWith(prefix, StringComparison.Ordinal)
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && Guid.TryParseExact(name[prefix.Length..^Extension.Length], "N", out _);
    }

    // What somebody holds, what another writer has removed, and what belongs to another user stays as it is.
    private static bool TryLock(string file, FileOptions options)
    {
        try
        {
            new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 1, options).Dispose();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
