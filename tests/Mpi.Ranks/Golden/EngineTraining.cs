using System.Text.Json;
using Compat.Engine;
using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Loops;
using Compat.Engine.Model;
using Compat.Engine.Optim;
using Compat.Engine.Runtime;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A training of MMEngine's in several processes, on the engine; a hook compares every iteration.</summary>
internal static class EngineTraining
{
    public static void Run(GoldenRank golden, ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using GoldenNet net = new(golden.File, golden.Case, golden.Rank);
        EngineRowHook hook = new(golden, net, collectives);
        SnapshotHook snapshots = new(net);
        using Runner runner = new(Options(golden, net, collectives, folder.Path) with { CustomHooks = [hook, snapshots] });
        if (EngineDefects.Refusal(golden) is { } message)
        {
            runner.Invoking(one => one.Train()).Should().Throw<InvalidOperationException>().WithMessage(message);
            hook.Rows.Should().Be(0, "it is refused before the first update");
            new StateCheck(golden, net, collectives).ParametersAreEqualOnAllRanks("after the refusal");
            return;
        }

        runner.Train();
        hook.Rows.Should().BeGreaterThanOrEqualTo(golden.Iters.Count);
        if (WholeBatch.IsComparable(golden))
        {
            WholeBatch.Compare(snapshots.Weights, Alone(golden, collectives.Rank.WorldSize, default), Alone(golden, 1, collectives.Rank));
        }
    }

    // One process: on joined batches of all samples, or on the share of a rank.
    private static List<float[]> Alone(GoldenRank golden, int joined, ProcessRank share)
    {
        using TemporaryFolder folder = new();
        using GoldenNet net = new(golden.File, golden.Case, rank: 0);
        SnapshotHook snapshots = new(net);
        RunnerOptions options = Options(golden, net, SingleProcess.Instance, folder.Path);
        DatasetLoaderOptions data = (DatasetLoaderOptions)options.TrainDataloader!;
        using BatchLoader loader = new(
            data.Dataset, data.Loader with { BatchSize = data.Loader.BatchSize * joined, Sampler = new DefaultSampler(data.Dataset, shuffle: false, process: share) });
        using Runner runner = new(options with { TrainDataloader = loader, CustomHooks = [snapshots] });
        runner.Train();
        return snapshots.Weights;
    }

    private static RunnerOptions Options(GoldenRank golden, GoldenNet net, ICollectives collectives, string folder)
    {
        JsonElement one = golden.Case;
        string model = one.GetProperty("model").GetString()!;
        bool isGan = model == "gan";
        JsonElement loop = one.GetProperty("train_cfg");
        JsonElement sampler = one.GetProperty("sampler");
        JsonElement? val = golden.Setting("val");
        return new()
        {
            Model = isGan ? new EngineGan(net, golden.File, one, golden.Rank) : new EngineNet(net),
            ModelWrapper = Wrapper(one),
            WorkDir = folder,
            Logger = new ListLogger(),
            Collectives = collectives,
            Device = TorchSharp.torch.CPU,
            Randomness = new RandomnessOptions { Seed = one.GetProperty("randomness").GetProperty("seed").GetInt64() },
            DefaultHooks = new DefaultHooks { Logger = null },
            TrainDataloader = Loader(golden, one.GetProperty("samples").GetInt32(), one.GetProperty("batch_size").GetInt32(), Sampler(sampler)),
            TrainCfg = GoldenSettings.Flag(loop, "by_epoch")
                ? new EpochBasedTrainLoopOptions { MaxEpochs = loop.GetProperty("max_epochs").GetInt32() }
                : new IterBasedTrainLoopOptions { MaxIters = loop.GetProperty("max_iters").GetInt32() },
            OptimWrapper = isGan ? Dictionary(one.GetProperty("optim_wrapper_dict"))
                : GoldenSettings.Wrapper(one.GetProperty("optim_wrapper"), model == "mlp_twice" ? 2 : 1),
            ParamSchedulers = golden.Setting("param_scheduler") is { } schedules ? [.. schedules.EnumerateArray().Select(GoldenSettings.Schedule)] : [],
            ValDataloader = val is { } v
                ? Loader(golden, v.GetProperty("samples").GetInt32(), v.GetProperty("batch_size").GetInt32(), new DefaultSamplerOptions { Shuffle = false })
                : null,
            ValEvaluator = val is null ? null : new Evaluator(new OrderMetric()),
        };
    }

    private static DatasetLoaderOptions Loader(GoldenRank golden, int samples, int batchSize, SamplerOptions sampler)
    {
        string model = golden.Case.GetProperty("model").GetString()!;
        JsonElement table = golden.File.GetProperty("data").GetProperty(model.StartsWith("mlp", StringComparison.Ordinal) ? "mlp" : model);
        return new() { Dataset = new GoldenData(table, samples), Loader = new() { BatchSize = batchSize }, Sampler = sampler };
    }

    private static SamplerOptions Sampler(JsonElement config) => config.GetProperty("type").GetString() == "InfiniteSampler"
        ? new InfiniteSamplerOptions { Shuffle = GoldenSettings.Flag(config, "shuffle") }
        : new DefaultSamplerOptions
        {
            Shuffle = GoldenSettings.Flag(config, "shuffle"),
            RoundUp = !config.TryGetProperty("round_up", out JsonElement roundUp) || roundUp.GetBoolean(),
        };

    private static OptimWrapperDictOptions Dictionary(JsonElement config)
    {
        OptimWrapperDictOptions options = [];
        foreach (JsonProperty member in config.EnumerateObject())
        {
            options.Add(member.Name, GoldenSettings.Wrapper(member.Value));
        }

        return options;
    }

    private static MMDistributedDataParallelOptions? Wrapper(JsonElement one)
    {
        if (!one.TryGetProperty("model_wrapper_cfg", out JsonElement config) || config.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        MMDistributedDataParallelOptions options = config.GetProperty("type").GetString() switch
        {
            "MMSeparateDistributedDataParallel" => new MMSeparateDistributedDataParallelOptions(),
            "CustomDistributedDataParallel" => new TwiceWrapperOptions(one.GetProperty("train_scale").Number()),
            _ => new MMDistributedDataParallelOptions(),
        };
        return options with
        {
            FindUnusedParameters = GoldenSettings.Flag(config, "find_unused_parameters"),
            BroadcastBuffers = config.TryGetProperty("broadcast_buffers", out JsonElement broadcast) ? broadcast.GetBoolean() : options.BroadcastBuffers,
        };
    }
}
