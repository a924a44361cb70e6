namespace Compat.TestSupport;

/// <summary>A test that only Linux can run; elsewhere it is skipped with that reason.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "It needs the libtorch of Linux.";
        }
    }
}
