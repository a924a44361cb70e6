using Compat.Engine.Loops;

namespace Compat.Engine.Tests.Loops;

public sealed class ValidationIntervalTests
{
    [Theory]
    [InlineData(1, 2, 2, 9, true)]
    [InlineData(1, 2, 3, 9, false)]
    [InlineData(1, 2, 9, 9, true)]
    [InlineData(4, 1, 3, 9, false)]
    [InlineData(10, 1, 9, 9, false)]
    public void It_is_due_from_begin_on_at_every_interval_and_at_the_end(int begin, int interval, int finished, int maximum, bool expected) =>
        new ValidationInterval(begin, interval).IsDue(finished, maximum).Should().Be(expected);

    [Fact]
    public void An_interval_below_1_is_refused()
    {
        Action act = () => _ = new ValidationInterval(1, 0);

        act.Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("ValInterval is 0; it must be at least 1. To train without validation, leave ValDataloader out.*");
    }
}
