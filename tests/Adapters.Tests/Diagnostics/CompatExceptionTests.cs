using Compat.Adapters.Diagnostics;

namespace Compat.Adapters.Tests.Diagnostics;

public sealed class CompatExceptionTests
{
    [Fact]
    public void All_reasons_are_in_the_message_each_with_its_number()
    {
        CompatException error = new(new CompatDiagnostic("COMPAT0001", "First."), new CompatDiagnostic("COMPAT0002", "Second."));

        error.Message.Should().Be($"COMPAT0001: First.{Environment.NewLine}COMPAT0002: Second.");
        error.Diagnostics.Select(diagnostic => diagnostic.Id).Should().Equal("COMPAT0001", "COMPAT0002");
    }

    [Fact]
    public void A_message_alone_has_no_reasons()
    {
        InvalidOperationException cause = new("why");

        new CompatException("text").Message.Should().Be("text");
        new CompatException("text", cause).InnerException.Should().BeSameAs(cause);
        new CompatException("text").Diagnostics.Should().BeEmpty();
    }
}
