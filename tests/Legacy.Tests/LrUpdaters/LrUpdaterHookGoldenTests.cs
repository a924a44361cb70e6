using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.Legacy.Tests.Support;

namespace Compat.Legacy.Tests.LrUpdaters;

/// <summary>The learning rate of every iteration, and refused settings.</summary>
[Trait("Category", "Golden")]
public sealed class LrUpdaterHookGoldenTests
{
    private static readonly GoldenCases File = new("legacy_lr_updaters.json");

    // Not there yet: the other policies. 'fixed' is a hook of this test, as a user would derive one.
    public static TheoryData<string> Cases => File.Where(entry => Policy(entry) is "step" or "fixed" or "exp" or "poly" or "CosineAnnealing" or "LinearAnnealing");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Learning_rates_are_those_of_mmcv(string id)
    {
        JsonElement golden = File[id];
        JsonElement config = golden.GetProperty("lr_config");
        bool isRefused = GoldenCases.Has(golden, "error");
        if (isRefused && RuledOutByType(config))
        {
            return;
        }

        if (isRefused)
        {
            Action train = () => GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { LrConfig = Make(config), TimerConfig = null }));
            train.Should().Throw<Exception>().Which.Should().Match(error => error is ArgumentException || error is InvalidOperationException);
            return;
        }

        GoldenSchedule schedule = GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { LrConfig = Make(config), TimerConfig = null }));

        schedule.ShouldBe(golden.GetProperty("lr"), schedule.Lr);
    }

    // Types Warmup (an enum) and StepLrConfig.Step (whole numbers) cannot hold these.
    private static bool RuledOutByType(JsonElement config) =>
        (config.TryGetProperty("warmup", out JsonElement warmup) && !Enum.TryParse<Warmup>(warmup.GetString(), ignoreCase: true, out _))
        || (config.TryGetProperty("step", out JsonElement step) && step.ValueKind == JsonValueKind.Number && !step.TryGetInt32(out _));

    private static string? Policy(JsonElement entry) => GoldenCases.Has(entry, "lr_config") ? GoldenCases.Text(entry.GetProperty("lr_config"), "policy") : null;

    private static LrConfig Make(JsonElement config)
    {
        LrConfig made = config.GetProperty("policy").GetString() switch
        {
            "step" => Step(config),
            "exp" => new ExpLrConfig { Gamma = config.GetProperty("gamma").GetDouble() },
            "poly" => new PolyLrConfig { Power = Number(config, "power") ?? 1, MinLr = Number(config, "min_lr") ?? 0 },
            "CosineAnnealing" => new CosineAnnealingLrConfig { MinLr = Number(config, "min_lr"), MinLrRatio = Number(config, "min_lr_ratio") },
            "LinearAnnealing" => new LinearAnnealingLrConfig { MinLr = Number(config, "min_lr"), MinLrRatio = Number(config, "min_lr_ratio") },
            _ => new FixedLrConfig(),
        };
        Warmup warmup = config.TryGetProperty("warmup", out JsonElement name) ? Enum.Parse<Warmup>(name.GetString()!, ignoreCase: true) : Warmup.None;
        return made with
        {
            ByEpoch = config.TryGetProperty("by_epoch", out JsonElement byEpoch) ? byEpoch.GetBoolean() : null,
            Warmup = warmup,
            WarmupIters = config.TryGetProperty("warmup_iters", out JsonElement iters) ? iters.GetInt32() : 0,
            WarmupRatio = config.TryGetProperty("warmup_ratio", out JsonElement ratio) ? ratio.GetDouble() : made.WarmupRatio,
            WarmupByEpoch = config.TryGetProperty("warmup_by_epoch", out JsonElement warmupByEpoch) && warmupByEpoch.GetBoolean(),
        };
    }

    private static double? Number(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : null;

    private static StepLrConfig Step(JsonElement config)
    {
        JsonElement step = config.GetProperty("step");
        bool isInterval = step.ValueKind == JsonValueKind.Number;
        StepLrConfig made = new()
        {
            Step = isInterval ? [step.GetInt32()] : [.. step.EnumerateArray().Select(entry => entry.GetInt32())],
            StepIsInterval = isInterval,
            MinLr = config.TryGetProperty("min_lr", out JsonElement floor) ? floor.GetDouble() : null,
        };
        return config.TryGetProperty("gamma", out JsonElement gamma) ? made with { Gamma = gamma.GetDouble() } : made;
    }

    private sealed record FixedLrConfig : LrConfig
    {
        public override LrUpdaterHook Build() => new FixedLrUpdaterHook(this);
    }

    private sealed class FixedLrUpdaterHook(LrConfig config) : LrUpdaterHook(config)
    {
        protected override double GetLr(BaseRunner runner, double baseLr) => baseLr;
    }
}
