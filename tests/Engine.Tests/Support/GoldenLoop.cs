using System.Text.Json;
using Compat.Engine.Loops;
using Compat.TestSupport;

namespace Compat.Engine.Tests.Support;

/// <summary>Training loops as the golden files configure them.</summary>
internal static class GoldenLoop
{
    /// <summary>Reads a <c>train_cfg</c>. What our options refuse is refused when the loop is built, what they cannot express here.</summary>
    public static TrainLoopOptions Read(JsonElement config)
    {
        (int Milestone, int Interval)[]? dynamicIntervals = config.TryGetProperty("dynamic_intervals", out JsonElement steps)
            ? [.. steps.EnumerateArray().Select(step => (step[0].GetInt32(), step[1].GetInt32()))]
            : null;
        if (!ByEpoch(config))
        {
            IterBasedTrainLoopOptions byIter = new() { MaxIters = Whole(config, "max_iters") ?? 0, DynamicIntervals = dynamicIntervals };
            return byIter with { ValBegin = Whole(config, "val_begin") ?? byIter.ValBegin, ValInterval = Whole(config, "val_interval") ?? byIter.ValInterval };
        }

        EpochBasedTrainLoopOptions byEpoch = new() { MaxEpochs = Whole(config, "max_epochs") ?? 0, DynamicIntervals = dynamicIntervals };
        return byEpoch with { ValBegin = Whole(config, "val_begin") ?? byEpoch.ValBegin, ValInterval = Whole(config, "val_interval") ?? byEpoch.ValInterval };
    }

    /// <summary>Says why a <c>train_cfg</c> cannot be written with our options, which are of whole numbers and pairs; <see langword="null"/> if it can.</summary>
    public static string? RuledOut(JsonElement config)
    {
        string[] known = ["by_epoch", "type", "max_epochs", "max_iters", "val_begin", "val_interval", "dynamic_intervals", "intervals_as_lists"];
        if (config.EnumerateObject().Any(setting => !known.Contains(setting.Name)))
        {
            return "ruled out by type TrainLoopOptions: it has no other settings";
        }

        if (config.TryGetProperty("by_epoch", out _) == config.TryGetProperty("type", out _))
        {
            return "ruled out by type TrainLoopOptions: the type of the options is that of the loop";
        }

        bool isPairs = !config.TryGetProperty("dynamic_intervals", out JsonElement steps)
            || (steps.ValueKind == JsonValueKind.Array && !config.TryGetProperty("intervals_as_lists", out _));
        bool isWhole = config.EnumerateObject().Where(setting => setting.Name.StartsWith("max_", StringComparison.Ordinal)).All(setting =>
            setting.Value.ValueKind == JsonValueKind.Number && double.IsInteger(setting.Value.Number()));
        return isPairs && isWhole ? null : "ruled out by type TrainLoopOptions: lengths are whole numbers, intervals are pairs of them";
    }

    /// <summary>Says whether our options refuse a <c>train_cfg</c> that they can express: a length below 0, an interval below 1.</summary>
    public static bool IsRefused(JsonElement config) =>
        Whole(config, "max_epochs") < 0 || Whole(config, "max_iters") < 0 || Whole(config, "val_interval") < 1
        || (config.TryGetProperty("dynamic_intervals", out JsonElement steps) && steps.EnumerateArray().Any(step => step[1].GetInt32() < 1));

    public static bool ByEpoch(JsonElement config) =>
        config.TryGetProperty("by_epoch", out JsonElement byEpoch) ? byEpoch.GetBoolean() : config.GetProperty("type").GetString() == nameof(EpochBasedTrainLoop);

    private static int? Whole(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) ? (int)value.Number() : null;
}
