using System.Text.Json;
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
            Action train = () => GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { LrConfig = GoldenConfigs.Lr(config), TimerConfig = null }));
            train.Should().Throw<Exception>().Which.Should().Match(error => error is ArgumentException || error is InvalidOperationException);
            return;
        }

        GoldenSchedule schedule = GoldenSchedule.Run(golden, runner => runner.RegisterTrainingHooks(new() { LrConfig = GoldenConfigs.Lr(config), TimerConfig = null }));

        schedule.ShouldBe(golden.GetProperty("lr"), schedule.Lr);
    }

    // Types Warmup (an enum) and StepLrConfig.Step (whole numbers) cannot hold these.
    private static bool RuledOutByType(JsonElement config) =>
        (config.TryGetProperty("warmup", out JsonElement warmup) && !Enum.TryParse<Warmup>(warmup.GetString(), ignoreCase: true, out _))
        || (config.TryGetProperty("step", out JsonElement step) && step.ValueKind == JsonValueKind.Number && !step.TryGetInt32(out _));

    private static string? Policy(JsonElement entry) => GoldenCases.Has(entry, "lr_config") ? GoldenCases.Text(entry.GetProperty("lr_config"), "policy") : null;
}
