using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Compat.Torch.Tests.Logging;

public sealed class CompatEventsTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(8999, false)]
    [InlineData(9000, true)]
    [InlineData(9999, true)]
    [InlineData(10000, false)]
    [InlineData(1744243385, false)]                                                  // what the generator of log methods gave a line of MMEngine's
    public void Lines_of_ours_have_ids_from_9000_to_9999(int id, bool ours) => CompatEvents.IsOurs(new EventId(id)).Should().Be(ours);
}
