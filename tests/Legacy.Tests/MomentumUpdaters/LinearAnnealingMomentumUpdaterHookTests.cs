namespace Compat.Legacy.Tests.MomentumUpdaters;

public sealed class LinearAnnealingMomentumUpdaterHookTests
{
    [Theory]
    [InlineData(null, null, "Neither MinMomentum nor MinMomentumRatio is set. Set one of them: the value at the end, or its ratio to the initial one.*")]
    [InlineData(0.1, 0.2, "MinMomentum is 0.1 and MinMomentumRatio is 0.2; only one of them can be set.*")]
    public void Exactly_one_end_must_be_set(double? min, double? ratio, string message)
    {
        Action make = () => new LinearAnnealingMomentumConfig { MinMomentum = min, MinMomentumRatio = ratio }.Build();

        make.Should().Throw<ArgumentException>().WithMessage(message);
    }
}
