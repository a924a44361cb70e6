namespace Compat.Torch.Serialization;

/// <summary>Writes a file so that at every moment either the old or the new content is there, never half of it.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="path">The file. Its folder is made if it is missing. A symbolic link stays one: the file that it leads to is replaced, or made.</param>
    /// <param name="write">Writes the content.</param>
    /// <remarks>
    /// <para>If <paramref name="write"/> throws, or the process is killed, the old file stays as it is. The new one has the permissions of the old one.</para>
    /// <para>The content is written to a temporary beside the file, which is locked until it takes the file's place. What a killed writer left is removed by the next writer
    /// of the same file, if it is over an hour old and nobody has it locked. Where the file system knows no locks, it stays.</para>
    /// </remarks>
    /// <exception cref="IOException">The links have no end, or the file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string target = TargetOf(Path.GetFullPath(path));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string temporary = TemporaryFile.NewName(target);
        try
        {
            using (FileStream stream = TemporaryFile.Open(temporary, target))
            {
                TemporaryFile.RemoveLeft(target, temporary);
                write(stream);
                stream.Flush(flushToDisk: true);

                // From here on it is not locked, and its age protects it. A reader would find the file locked if the lock were held until after the move.
                File.SetLastWriteTimeUtc(stream.SafeFileHandle, TimeProvider.System.GetUtcNow().UtcDateTime);
            }

            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static string TargetOf(string path) =>
        new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
}
