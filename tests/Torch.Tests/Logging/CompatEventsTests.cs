using Compat.Torch.Logging;
using Microsoft.Extensions.Logging;

namespace Compat.Torch.Tests.Logging;

public sealed class CompatEventsTests
{
    [Fact]
    public void These_are_all_lines_of_ours() => typeof(CompatEvents).GetProperties()
        .Select(property => (EventId)property.GetValue(null)!)
        .OrderBy(id => id.Id)
        .Select(id => $"{id.Id} {id.Name}")
        .Should().Equal(
            "9000 NonFiniteLoss",
            "9030 LossBesideTerms",
            "9040 MetaLeftOut",
            "9041 NothingLeftToTrain",
            "9042 RepeatedOrder",
            "9060 StepFailed",
            "9061 ParametersApart",
            "9062 NoOptimizer",
            "9063 NothingTrained",
            "9064 ParametersUnmoved",
            "9070 MetricItems",
            "9080 LegacyRunnerOnEngine",
            "9090 ValidationPointsLeftOut",
            "9110 ValInTrainLines",
            "9111 ScheduleWithoutEpochs",
            "9130 OddLossScale",
            "9131 RemainderAfterResume",
            "9132 NothingToSwitch",
            "9133 AnomalousParamsNotSought",
            "9140 AmpPrecision",
            "9141 WindowsInDictionary",
            "9142 OptimizerStateMissing",
            "9150 ForgetfulState");

    [Theory]
    [InlineData(0, false)]
    [InlineData(8999, false)]
    [InlineData(9000, true)]
    [InlineData(9999, true)]
    [InlineData(10000, false)]
    [InlineData(1744243385, false)]                                                  // what the generator of log methods gave a line of MMEngine's
    public void Lines_of_ours_have_ids_from_9000_to_9999(int id, bool ours) => CompatEvents.IsOurs(new EventId(id)).Should().Be(ours);
}
