using System.Diagnostics;

namespace Compat.TestSupport;

/// <summary>
/// Held by one test of the machine at a time: tests that start processes, pack or use mpirun take it, so that they do not slow each other
/// down. Start time limits after it is taken.
/// </summary>
public sealed class MachineLock : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly FileStream file;

    private MachineLock(FileStream file) => this.file = file;

    public static string FileName { get; } = Path.Combine(Path.GetTempPath(), "compat-tests.lock");

    /// <summary>Waits until no other test holds the lock. The system releases it if the process that holds it dies.</summary>
    public static async Task<MachineLock> TakeAsync()
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new MachineLock(new FileStream(FileName, Options()));
            }
            catch (IOException) when (waited.Elapsed < LongestWait)
            {
                await Task.Delay(Pause);
            }
        }
    }

    public void Dispose() => file.Dispose();

    private static FileStreamOptions Options()
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        }

        return options;
    }
}
