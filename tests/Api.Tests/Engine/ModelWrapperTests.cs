using Compat.Api.Tests.Support;

namespace Compat.Api.Tests.Engine;

public sealed class ModelWrapperTests
{
    [Fact]
    public void A_model_wrapper_of_ones_own_acts_in_every_step()
    {
        float free = LineRun.WeightAfter(options => options);
        float clamped = LineRun.WeightAfter(options => options with { ModelWrapper = new ClampingWrapperOptions(0.0625) });
        float wide = LineRun.WeightAfter(options => options with { ModelWrapper = new ClampingWrapperOptions(9) });

        free.Should().BeGreaterThan(0.0625f);
        clamped.Should().Be(0.0625f);
        wide.Should().Be(free);
    }
}
