using Compat.Api.Tests.Support;

namespace Compat.Api.Tests.Engine;

public sealed class PreprocessorTests
{
    [Fact]
    public void A_preprocessor_of_ones_own_changes_what_is_trained_on()
    {
        float plain = LineRun.WeightAfter(options => options);
        float unshifted = LineRun.WeightAfter(options => options, new ShiftPreprocessor(0));
        float shifted = LineRun.WeightAfter(options => options, new ShiftPreprocessor(0.5f));

        unshifted.Should().Be(plain);
        shifted.Should().NotBe(plain);
    }
}
