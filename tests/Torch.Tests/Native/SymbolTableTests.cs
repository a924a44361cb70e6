using Compat.Torch.Native;

namespace Compat.Torch.Tests.Native;

public sealed class SymbolTableTests
{
    [Fact]
    public void What_is_missing_is_an_error_at_its_use_and_not_before()
    {
        SymbolTable table = new("torch_cpu", "A feature", "Do without.", "_ZN2at13globalContextEv", "there_is_no_such_symbol");
        Action use = () => _ = table[1];

        table.Missing.Should().Equal("there_is_no_such_symbol");
        table[0].Should().NotBe(0);
        use.Should().Throw<PlatformNotSupportedException>().WithMessage(
            "A feature needs there_is_no_such_symbol from libtorch_cpu, which this build for * does not export. Do without.");
    }

    [Fact]
    public void Of_a_library_that_is_not_there_everything_is_missing() =>
        new SymbolTable("torch_of_another_planet", "A feature", "Do without.", "a", "b").Missing.Should().Equal("a", "b");

    [Fact]
    public void Nothing_that_is_used_on_the_CPU_is_missing_on_Linux()
    {
        if (OperatingSystem.IsLinux())
        {
            AutocastSymbols.Table.Missing.Should().BeEmpty();
            DeterminismSymbols.Table.Missing.Should().BeEmpty();
        }
    }
}
