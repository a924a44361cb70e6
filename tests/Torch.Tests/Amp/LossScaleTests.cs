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
}
