namespace Compat.Torch.Serialization;

/// <summary>Writes files so that a reader finds the old content or the new one, never half of it.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file: to a temporary one beside it first, which then takes its name.</summary>
    /// <param name="path">The file. Its folder is made if it is missing; a symbolic link is followed. A file that exists keeps its permissions.</param>
    /// <param name="write">Writes the content.</param>
    /// <remarks>
    /// If <paramref name="write"/> throws, or the process is killed, the old file stays as it is. What a killed writer left is removed by a later one of the
    /// same file, if it is over an hour old and nobody holds it.
    /// </remarks>
    /// <exception cref="UnauthorizedAccessException">The file exists and may not be written, or its folder may not.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = Follow(Path.GetFullPath(path));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        RequireWritable(target);
        UnixFileMode? permissions = PermissionsOf(target);
        string temporary = TemporaryFiles.NameFor(target);
        try
        {
            // The lock says that somebody is writing. It ends before the rename, so that no reader of the new file meets it.
            using (FileStream stream = new(temporary, Options(permissions)))
            {
                TemporaryFiles.RemoveAbandoned(target, held: temporary);
                write(stream);
                KeepPermissions(stream, permissions);
                stream.Flush(flushToDisk: true);

                // From here on it is not locked, and its age alone protects it.
                File.SetLastWriteTimeUtc(stream.SafeFileHandle, TimeProvider.System.GetUtcNow().UtcDateTime);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string Follow(string path) => new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    // A rename asks the folder alone, so that it would replace a file that its owner has protected.
    private static void RequireWritable(string target)
    {
        if (File.Exists(target))
        {
            using FileStream asked = new(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
    }

    private static UnixFileMode? PermissionsOf(string target) => OperatingSystem.IsWindows() || !File.Exists(target) ? null : File.GetUnixFileMode(target);

    // While it is written it is open to nobody who may not read the file that it becomes.
    private static FileStreamOptions Options(UnixFileMode? permissions)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows() && permissions is not null)
        {
            options.UnixCreateMode = permissions;
        }

        return options;
    }

    // The mask of the process took bits away when the temporary file was made.
    private static void KeepPermissions(FileStream stream, UnixFileMode? permissions)
    {
        if (!OperatingSystem.IsWindows() && permissions is { } mode && File.GetUnixFileMode(stream.SafeFileHandle) != mode)
        {
            File.SetUnixFileMode(stream.SafeFileHandle, mode);
        }
    }
}
