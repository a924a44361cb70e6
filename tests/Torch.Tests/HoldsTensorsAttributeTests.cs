using System.Reflection;
using Compat.Torch.Data;

namespace Compat.Torch.Tests;

public sealed class HoldsTensorsAttributeTests
{
    [Fact]
    public void It_names_the_owner() => new HoldsTensorsAttribute("owner: me").Owner.Should().Be("owner: me");

    [Fact]
    public void A_batch_carries_it_and_a_loader_does_not()
    {
        typeof(DataBatch).GetCustomAttribute<HoldsTensorsAttribute>()!.Owner.Should().StartWith("owner: the iteration's dispose scope");
        typeof(BatchLoader).GetCustomAttribute<HoldsTensorsAttribute>().Should().BeNull();
    }
}
