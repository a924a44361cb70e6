namespace Compat.Torch.Serialization;

/// <summary>Writes files so that a reader finds the old content or the new one, never half of it.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file: to a temporary one beside it first, which then takes its name.</summary>
    /// <param name="path">The file. Its folder is made if it is missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <remarks>If <paramref name="write"/> throws, or the process is killed, the old file stays as it is.</remarks>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string full = Path.GetFullPath(path);
        string folder = Directory.CreateDirectory(Path.GetDirectoryName(full)!).FullName;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
