using System.Text.Json;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Schedulers;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Optim;

/// <summary>Runs the training of a golden case with a real runner.</summary>
internal static class GoldenTraining
{
    /// <summary>Trains.</summary>
    /// <param name="golden">The case.</param>
    /// <param name="options">The model, the data and the wrappers.</param>
    /// <param name="hook">What looks on.</param>
    /// <param name="failed">Called before the runner is gone, if the training fails.</param>
    /// <returns>What was logged.</returns>
    public static ListLogger Run(JsonElement golden, RunnerOptions options, Hook hook, Action? failed = null)
    {
        ListLogger logger = new();
        using Runner runner = new(options with
        {
            Logger = logger,
            TrainCfg = golden.TryGetProperty("train_cfg", out JsonElement train) ? Loop(train) : options.TrainCfg,
            ParamSchedulers = Schedules(golden),
            CustomHooks = [hook],
            NonFiniteLoss = NonFiniteLoss.Ignore,                     // the originals train on
        });
        try
        {
            runner.Train();
        }
        catch
        {
            failed?.Invoke();
            throw;
        }

        return logger;
    }

    public static RunnerOptions Options(GoldenNet model, BatchLoader loader, BaseOptimWrapperOptions wrapper, string folder) =>
        new() { Model = model, WorkDir = folder, TrainDataloader = loader, OptimWrapper = wrapper };

    private static TrainLoopOptions Loop(JsonElement train) => train.GetProperty("by_epoch").GetBoolean()
        ? new EpochBasedTrainLoopOptions { MaxEpochs = train.GetProperty("max_epochs").GetInt32() }
        : new IterBasedTrainLoopOptions { MaxIters = train.GetProperty("max_iters").GetInt32() };

    // One schedule, several, or some for each wrapper by its name.
    private static ParamSchedulerOptions[] Schedules(JsonElement golden) => !golden.TryGetProperty("param_scheduler", out JsonElement configs) ? []
        : configs.ValueKind == JsonValueKind.Object && !configs.TryGetProperty("type", out _)
            ? [.. configs.EnumerateObject().SelectMany(named => Several(named.Value).Select(config => Schedule(config) with { Optimizer = named.Name }))]
            : [.. Several(configs).Select(Schedule)];

    private static JsonElement[] Several(JsonElement configs) =>
        configs.ValueKind == JsonValueKind.Array ? [.. configs.EnumerateArray()] : [configs];

    private static ParamSchedulerOptions Schedule(JsonElement config) =>
        GoldenCosineOptions.Read(config) ?? GoldenSchedule.Read(config);
}
