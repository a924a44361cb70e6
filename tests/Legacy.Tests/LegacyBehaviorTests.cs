namespace Compat.Legacy.Tests;

public sealed class LegacyBehaviorTests
{
    [Fact]
    public void The_default_is_the_last_version_on_a_present_PyTorch()
    {
        RunnerOptions options = new() { Logger = new TestSupport.ListLogger() };

        options.Behavior.Should().BeSameAs(LegacyBehavior.V1_7_2);
        options.Behavior.ZeroFilledGradients.Should().BeFalse();
        options.Behavior.RemainderRule.Should().Be(RemainderRule.FromStart);
    }

    [Fact]
    public void Before_1_6_2_the_remainder_counted_from_where_a_training_was_resumed() =>
        LegacyBehavior.V1_6_1.Should().Be(LegacyBehavior.V1_7_2 with { RemainderRule = RemainderRule.FromResume });
}
