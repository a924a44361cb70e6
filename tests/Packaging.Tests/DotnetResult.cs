namespace Compat.Packaging.Tests;

/// <summary>How a process ended, and all that it wrote.</summary>
internal sealed record DotnetResult(int ExitCode, string Output)
{
    public DotnetResult MustSucceed()
    {
        ExitCode.Should().Be(0, "this was written: {0}", Output);
        return this;
    }
}
