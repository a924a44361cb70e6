using System.Text.Json;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Amp;

namespace Compat.Legacy.Tests.Support;

/// <summary>Settings of hooks from the dictionaries of golden cases.</summary>
public static class GoldenConfigs
{
    /// <summary>Makes <c>lr_config</c>. 'fixed' is a hook of the tests, as a user would derive one.</summary>
    public static LrConfig Lr(JsonElement config)
    {
        LrConfig made = config.GetProperty("policy").GetString() switch
        {
            "step" => Step(config),
            "exp" => new ExpLrConfig { Gamma = config.GetProperty("gamma").Number() },
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
            WarmupRatio = config.TryGetProperty("warmup_ratio", out JsonElement ratio) ? ratio.Number() : made.WarmupRatio,
            WarmupByEpoch = config.TryGetProperty("warmup_by_epoch", out JsonElement warmupByEpoch) && warmupByEpoch.GetBoolean(),
        };
    }

    /// <summary>Makes <c>momentum_config</c>.</summary>
    public static MomentumConfig Momentum(JsonElement config)
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

    /// <summary>Makes <c>optimizer_config</c>. It must not be one that types rule out.</summary>
    public static OptimizerConfig Optimizer(JsonElement config)
    {
        int iters = config.TryGetProperty("cumulative_iters", out JsonElement count) ? CumulativeIters(count) : 1;
        LossScale scale = config.TryGetProperty("loss_scale", out JsonElement given) ? Scale(given) : 512;
        OptimizerConfig made = config.GetProperty("type").GetString() switch
        {
            "OptimizerHook" => new OptimizerConfig(),
            "GradientCumulativeOptimizerHook" => new GradientCumulativeOptimizerConfig { CumulativeIters = iters },
            "Fp16OptimizerHook" => new Fp16OptimizerConfig { LossScale = scale },
            "GradientCumulativeFp16OptimizerHook" => new GradientCumulativeFp16OptimizerConfig { CumulativeIters = iters, LossScale = scale },
            string other => throw new InvalidDataException($"There is no hook {other} here."),
            null => throw new InvalidDataException("The hook has no type."),
        };
        return made with
        {
            GradClip = Clip(config),
            DetectAnomalousParams = config.TryGetProperty("detect_anomalous_params", out JsonElement detect) && detect.GetBoolean(),
        };
    }

    /// <summary>Says why a C# program cannot write an <c>optimizer_config</c>; <see langword="null"/> if it can.</summary>
    public static string? RuledOut(JsonElement config) =>
        config.TryGetProperty("loss_scale", out JsonElement scale) && !IsScale(scale) ? "ruled out by type LossScale: a number, a text, or options"
        : config.TryGetProperty("cumulative_iters", out JsonElement count) && !(count.ValueKind is JsonValueKind.True or JsonValueKind.False) && !(count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out _) && !IsFloat(count))
            ? "ruled out by type int of CumulativeIters"
        : config.TryGetProperty("grad_clip", out JsonElement clip) && clip.ValueKind == JsonValueKind.Object && !clip.TryGetProperty("max_norm", out _)
            ? "ruled out by type GradClipConfig, which has a norm"
        : null;

    private static GradClipConfig? Clip(JsonElement config) => config.TryGetProperty("grad_clip", out JsonElement clip) && clip.ValueKind == JsonValueKind.Object
        ? new GradClipConfig(
            clip.GetProperty("max_norm").Number(),
            clip.TryGetProperty("norm_type", out JsonElement type) ? GoldenCases.Number(type) : 2,
            clip.TryGetProperty("error_if_nonfinite", out JsonElement error) && error.GetBoolean())
        : null;

    private static LossScale Scale(JsonElement scale) => scale.ValueKind == JsonValueKind.Object ? ScalerOptions(scale)
        : scale.ValueKind == JsonValueKind.Null ? null!
        : scale.ValueKind == JsonValueKind.String && !scale.IsNumber() ? scale.GetString()!
        : GoldenCases.Number(scale);

    /// <summary>Makes a scaler's settings from the arguments of PyTorch's.</summary>
    public static GradScalerOptions ScalerOptions(JsonElement args)
    {
        GradScalerOptions usual = new();
        return new()
        {
            InitScale = Number(args, "init_scale") ?? usual.InitScale,
            GrowthFactor = Number(args, "growth_factor") ?? usual.GrowthFactor,
            BackoffFactor = Number(args, "backoff_factor") ?? usual.BackoffFactor,
            GrowthInterval = args.TryGetProperty("growth_interval", out JsonElement interval) ? interval.GetInt32() : usual.GrowthInterval,
            Enabled = !args.TryGetProperty("enabled", out JsonElement enabled) || enabled.GetBoolean(),
        };
    }

    // A whole number is one that Python wrote without a point.
    private static bool IsFloat(JsonElement number) => number.GetRawText().IndexOfAny(['.', 'e']) >= 0;

    /// <summary>Tells whether a scale is a whole number, which MMCV refuses for its type; in C# it is a double.</summary>
    public static bool IsWholeScale(JsonElement config) =>
        config.TryGetProperty("loss_scale", out JsonElement scale) && scale.ValueKind == JsonValueKind.Number && !IsFloat(scale);

    private static bool IsScale(JsonElement scale) => scale.ValueKind switch
    {
        JsonValueKind.Number or JsonValueKind.String or JsonValueKind.Null => true,
        JsonValueKind.Object => scale.EnumerateObject().All(entry => entry.Name is "init_scale" or "growth_factor" or "backoff_factor" or "growth_interval" or "enabled"),
        _ => false,
    };

    private static int CumulativeIters(JsonElement count) => count.ValueKind switch
    {
        JsonValueKind.True => 1,                                      // in Python it is a whole number
        JsonValueKind.False => 0,
        _ => count.GetInt32(),
    };

    private static double? Number(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) ? GoldenCases.Number(value) : null;

    private static StepLrConfig Step(JsonElement config)
    {
        JsonElement step = config.GetProperty("step");
        bool isInterval = step.ValueKind == JsonValueKind.Number;
        StepLrConfig made = new()
        {
            Step = isInterval ? [step.GetInt32()] : [.. step.EnumerateArray().Select(entry => entry.GetInt32())],
            StepIsInterval = isInterval,
            MinLr = config.TryGetProperty("min_lr", out JsonElement floor) ? floor.Number() : null,
        };
        return config.TryGetProperty("gamma", out JsonElement gamma) ? made with { Gamma = gamma.Number() } : made;
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
