using Compat.Torch.Amp;

namespace Compat.Torch.Tests.Amp;

public sealed class LossScaleTests
{
    [Fact]
    public void A_number_is_fixed_and_everything_else_adapts()
    {
        LossScale number = 512;
        LossScale options = new GradScalerOptions { InitScale = 8 };

        (number.Fixed, number.Options.InitScale).Should().Be((512, 512));
        (options.Fixed, options.Options.InitScale).Should().Be((null, 8));
        (LossScale.Dynamic.Fixed, LossScale.Dynamic.Options).Should().Be((null, new GradScalerOptions()));
        number.Should().Be((LossScale)512.0).And.NotBe((LossScale)new GradScalerOptions { InitScale = 512 });
    }

    [Fact]
    public void The_text_dynamic_is_the_scale_that_adapts()
    {
        LossScale text = "dynamic";

        text.Should().BeSameAs(LossScale.Dynamic);
    }

    [Theory]
    [InlineData("Dynamic")]
    [InlineData("static")]
    [InlineData("512")]
    [InlineData("")]
    public void Another_text_is_refused(string text)
    {
        Func<LossScale> take = () => text;

        take.Should().Throw<ArgumentException>().WithMessage($"The loss scale is \"{text}\"; it must be \"dynamic\", a number or GradScalerOptions. Write a number without quotes: LossScale = 512.*");
    }
}
