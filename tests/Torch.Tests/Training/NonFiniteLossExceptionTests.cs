using Compat.Torch.Training;

namespace Compat.Torch.Tests.Training;

public sealed class NonFiniteLossExceptionTests
{
    [Fact]
    public void It_carries_message_and_cause()
    {
        InvalidOperationException cause = new("cause");

        new NonFiniteLossException("text").Message.Should().Be("text");
        new NonFiniteLossException("text", cause).InnerException.Should().BeSameAs(cause);
        new NonFiniteLossException().Should().BeAssignableTo<InvalidOperationException>();
    }
}
