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
        MomentumConfig config = Make(golden.GetProperty("momentum_config"));

        GoldenSchedule schedule = GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { MomentumConfig = config, TimerConfig = null }));

        schedule.ShouldBe(golden.GetProperty("momentum"), schedule.Momentum);
    }

    private static MomentumConfig Make(JsonElement config)
    {
        double? min = Number(config, "min_momentum");
        double? ratio = Number(config, "min_momentum_ratio");
        MomentumConfig made = GoldenCases.Text(config, "policy") == "CosineAnnealing"
            ? new CosineAnnealingMomentumConfig { MinMomentum = min, MinMomentumRatio = ratio }
            : new LinearAnnealingMomentumConfig { MinMomentum = min, MinMomentumRatio = ratio };
        return made with
        {
            ByEpoch = config.TryGetProperty("by_epoch", out JsonElement byEpoch) ? byEpoch.GetBoolean() : null,
            Warmup = config.TryGetProperty("warmup", out JsonElement name) ? Enum.Parse<Warmup>(name.GetString()!, ignoreCase: true) : Warmup.None,
            WarmupIters = config.TryGetProperty("warmup_iters", out JsonElement iters) ? iters.GetInt32() : 0,
            WarmupRatio = Number(config, "warmup_ratio") ?? made.WarmupRatio,
        };
    }

    private static double? Number(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : null;
}
