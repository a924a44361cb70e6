using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Amp;
using Compat.Torch.Optim;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The wrappers of the golden files as ours. What they cast to is mapped here: their autocast was without effect, on a CPU.</summary>
internal static class GoldenWrapper
{
    /// <summary>Reads the wrapper, or the dictionary of wrappers, of a run.</summary>
    public static BaseOptimWrapperOptions Of(JsonElement golden, GoldenNet model, GoldenOptimizerKind kind)
    {
        if (!golden.TryGetProperty("optim_wrapper_dict", out JsonElement named))
        {
            JsonElement config = golden.GetProperty("optim_wrapper");
            JsonElement paramwise = config.TryGetProperty("paramwise_cfg", out JsonElement inside) ? inside
                : golden.TryGetProperty("paramwise_cfg", out JsonElement beside) ? beside
                : default;
            IReadOnlyList<ParameterGroup>? groups = golden.TryGetProperty("optimized", out JsonElement part) ? [new(model.Child(part.GetString()!).parameters())]
                : paramwise.ValueKind == JsonValueKind.Undefined ? null
                : GoldenParamwise.Groups(model, config.GetProperty("optimizer"), paramwise);
            return Read(config, new GoldenOptimizerOptions(config.GetProperty("optimizer"), kind, groups));
        }

        OptimWrapperDictOptions options = [];
        foreach (JsonProperty member in named.EnumerateObject())
        {
            options[member.Name] = Read(member.Value, new GoldenOptimizerOptions(member.Value.GetProperty("optimizer"), kind));
        }

        return options;
    }

    /// <summary>Reads one wrapper. Gradients are filled with zeros, as PyTorch 1.13 does, and nothing is cast.</summary>
    public static OptimWrapperOptions Read(JsonElement config, Compat.Engine.Optim.OptimizerOptions optimizer, bool isAmp = false)
    {
        OptimWrapperOptions options = isAmp || (config.TryGetProperty("type", out JsonElement type) && type.GetString() == "AmpOptimWrapper")
            ? new AmpOptimWrapperOptions { Optimizer = optimizer, Autocast = false, LossScale = Scale(config) }
            : new OptimWrapperOptions { Optimizer = optimizer };
        return options with
        {
            AccumulativeCounts = config.TryGetProperty("accumulative_counts", out JsonElement counts) ? (int)counts.Number() : 1,
            ClipGrad = config.TryGetProperty("clip_grad", out JsonElement clip) ? Clip(clip) : null,
            SetToNone = false,
        };
    }

    /// <summary>Gives what a precision of the golden files is on a CPU: bfloat16 in place of float16; the others cannot be cast to there.</summary>
    public static ScalarType? Precision(string name) => name switch
    {
        "float16" or "bfloat16" => ScalarType.BFloat16,
        "float32" => ScalarType.Float32,
        "float64" => ScalarType.Float64,
        "int32" => ScalarType.Int32,
        _ => throw new NotSupportedException($"The golden file has a new precision, {name}."),
    };

    public static LossScale Scale(JsonElement config)
    {
        if (!config.TryGetProperty("loss_scale", out JsonElement scale) || (scale.ValueKind == JsonValueKind.String && scale.GetString() == "dynamic"))
        {
            return LossScale.Dynamic;
        }

        return scale.ValueKind == JsonValueKind.Object
            ? scale.EnumerateObject().Aggregate(new GradScalerOptions(), (options, setting) => setting.Name switch
            {
                "init_scale" => options with { InitScale = GoldenTensor.Number(setting.Value) },
                "growth_factor" => options with { GrowthFactor = GoldenTensor.Number(setting.Value) },
                "backoff_factor" => options with { BackoffFactor = GoldenTensor.Number(setting.Value) },
                "growth_interval" => options with { GrowthInterval = setting.Value.GetInt32() },
                "enabled" => options with { Enabled = setting.Value.GetBoolean() },
                _ => throw new NotSupportedException($"The golden file has a new setting of the scaler, {setting.Name}."),
            })
            : GoldenTensor.Number(scale);
    }

    public static GradClipOptions Clip(JsonElement clip) => clip.TryGetProperty("type", out JsonElement type) && type.GetString() == "value"
        ? new GradClipValueOptions { ClipValue = clip.GetProperty("clip_value").Number() }
        : new GradClipNormOptions
        {
            MaxNorm = clip.GetProperty("max_norm").Number(),
            NormType = clip.TryGetProperty("norm_type", out JsonElement norm) ? GoldenTensor.Number(norm) : 2,
            ErrorIfNonfinite = clip.TryGetProperty("error_if_nonfinite", out JsonElement error) && error.GetBoolean(),
        };
}
