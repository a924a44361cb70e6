using Compat.Torch.Native;

namespace Compat.Torch.Tests.Native;

public sealed class TorchEnvironmentTests
{
    [Fact]
    public void The_environment_is_described_in_a_few_lines()
    {
        string[] lines = TorchEnvironment.Describe().Split('\n');

        lines.Select(line => line.Split(':')[0]).Should().Equal("TorchSharp", "libtorch", ".NET", "threads", "CUDA", "missing symbols");
    }

    [Fact]
    public void Nothing_that_autocast_needs_is_missing_on_Linux()
    {
        if (OperatingSystem.IsLinux())
        {
            TorchEnvironment.Describe().Should().EndWith("missing symbols: none");
        }
    }
}
