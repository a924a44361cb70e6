using System.Collections;
using Compat.Torch.Data;

namespace Compat.Torch.Tests.Data;

public sealed class SamplerTests
{
    [Fact]
    public void A_sampler_that_does_not_care_for_epochs_ignores_them()
    {
        Reversed sampler = new();

        sampler.SetEpoch(4);

        sampler.Should().Equal(2, 1, 0);
    }

    [Fact]
    public void It_enumerates_without_its_type_too() => ((IEnumerable)new Reversed()).Cast<int>().Should().Equal(2, 1, 0);

    private sealed class Reversed : Sampler
    {
        public override int Count => 3;

        protected override IEnumerable<int> Order() => Enumerable.Range(0, 3).Reverse();
    }
}
