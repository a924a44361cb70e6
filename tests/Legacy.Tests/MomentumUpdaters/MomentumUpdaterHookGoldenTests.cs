using System.Text.Json;
using Compat.Legacy.Tests.Support;

namespace Compat.Legacy.Tests.MomentumUpdaters;

/// <summary>Momentum, or first beta, of every iteration, and refused settings.</summary>
[Trait("Category", "Golden")]
public sealed class MomentumUpdaterHookGoldenTests
{
    private static readonly GoldenCases File = new("legacy_momentum_updaters.json");

    // Not there yet: the cyclic policies and that by steps.
    public static TheoryData<string> Cases => File.Where(entry =>
        GoldenCases.Text(entry.GetProperty("momentum_config"), "policy") is "CosineAnnealing" or "LinearAnnealing");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Momenta_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        MomentumConfig config = GoldenConfigs.Momentum(golden.GetProperty("momentum_config"));

        GoldenSchedule schedule = GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { MomentumConfig = config, TimerConfig = null }));

        schedule.ShouldBe(golden.GetProperty("momentum"), schedule.Momentum);
    }
}
