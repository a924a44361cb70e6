using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.TestSupport;
using Compat.Torch.Optim;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>Settings of the golden runs as our options.</summary>
internal static class GoldenSettings
{
    public static FusedOptimizerOptions Optimizer(JsonElement config) => config.GetProperty("type").GetString() switch
    {
        "SGD" => new FusedSgdOptions
        {
            Lr = Number(config, "lr"), Momentum = Number(config, "momentum"), WeightDecay = Number(config, "weight_decay"), Nesterov = Flag(config, "nesterov"),
        },
        "Adam" => new FusedAdamOptions
        {
            Lr = Number(config, "lr"), WeightDecay = Number(config, "weight_decay"), Beta1 = Beta(config, 0, 0.9), Beta2 = Beta(config, 1, 0.999),
        },
        string other => throw new InvalidDataException($"There is a new optimizer, {other}."),
        null => throw new InvalidDataException("An optimizer has no type."),
    };

    public static OptimWrapperOptions Wrapper(JsonElement config, int updatesPerIteration = 1) => new()
    {
        Optimizer = Optimizer(config.GetProperty("optimizer")),
        AccumulativeCounts = config.TryGetProperty("accumulative_counts", out JsonElement counts) ? counts.GetInt32() : 1,
        UpdatesPerIteration = updatesPerIteration,
        ClipGrad = config.TryGetProperty("clip_grad", out JsonElement clip) ? Clip(clip) : null,
        SetToNone = false,                                            // recorded on PyTorch 1.13
    };

    public static ParamSchedulerOptions Schedule(JsonElement config) => config.GetProperty("type").GetString() switch
    {
        "LinearLR" => new LinearLrOptions { StartFactor = Number(config, "start_factor"), Begin = (int)Number(config, "begin"), End = (int)Number(config, "end"), Unit = ScheduleUnit.Iteration },
        "MultiStepLR" => new MultiStepLrOptions { Milestones = [.. config.GetProperty("milestones").EnumerateArray().Select(one => one.GetInt32())], Gamma = Number(config, "gamma") },
        string other => throw new InvalidDataException($"There is a new schedule, {other}."),
        null => throw new InvalidDataException("A schedule has no type."),
    };

    public static double Number(JsonElement config, string name, double missing = 0) => config.TryGetProperty(name, out JsonElement value) ? value.Number() : missing;

    public static bool Flag(JsonElement config, string name) => config.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    private static double Beta(JsonElement config, int place, double missing) => config.TryGetProperty("betas", out JsonElement betas) ? betas[place].Number() : missing;

    private static GradClipOptions Clip(JsonElement clip) => clip.TryGetProperty("clip_value", out JsonElement value)
        ? new GradClipValueOptions { ClipValue = value.Number() }
        : new GradClipNormOptions { MaxNorm = Number(clip, "max_norm"), NormType = Number(clip, "norm_type", 2) };
}
