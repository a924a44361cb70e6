using System.Text.Json;
using Compat.Adapters.Runners;
using Compat.Legacy;
using Compat.Legacy.Runners;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Training;
using static TorchSharp.torch;
using LegacyDdp = Compat.Legacy.MMDistributedDataParallel;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A training of MMCV's in several processes, on the old runners; a hook compares every iteration.</summary>
internal static class LegacyTraining
{
    public static void Run(GoldenRank golden, ICollectives collectives, bool onEngine = false)
    {
        JsonElement one = golden.Case;
        using GoldenNet net = new(golden.File, one, golden.Rank);
        nn.Module model = golden.Setting("wrapper") is { } wrapper
            ? new LegacyDdp(net, collectives, GoldenSettings.Flag(wrapper, "broadcast_buffers"), GoldenSettings.Flag(wrapper, "find_unused_parameters"))
            : net;
        using optim.Optimizer optimizer = GoldenSettings.Optimizer(one.GetProperty("optimizer")).Build([new([.. net.parameters()])]);
        using WorkflowRunner runner = Make(golden, model, optimizer, collectives);
        LegacyRowHook hook = new(golden, net, collectives, onEngine);
        Register(runner, golden, hook);
        WorkflowStep[] workflow = [.. golden.Setting("workflow") is { } flows ? flows.EnumerateArray().Select(flow => new WorkflowStep(flow[0].GetString()!, flow[1].GetInt32())) : [new("train", 1)]];
        BatchLoader[] loaders = [.. workflow.Select(_ => Loader(golden, collectives.Rank))];
        Action train = onEngine ? () => runner.AsEngine(loaders, workflow).Train() : () => runner.Run(loaders, workflow);
        if (LegacyDefects.Refusal(golden) is { } message)
        {
            train.Should().Throw<InvalidOperationException>().WithMessage(message);
            hook.Rows.Should().Be(0, "it is refused before the first update");
            return;
        }

        train();
        hook.Rows.Should().BeGreaterThanOrEqualTo(golden.Iters.Count);
        if (WholeBatch.IsComparable(golden) && golden.Setting("wrapper") is not null)
        {
            WholeBatch.Compare(hook.Weights, Alone(golden, collectives.Rank.WorldSize, default), Alone(golden, 1, collectives.Rank));
        }
    }

    // One process: on joined batches of all samples, or on the share of a rank.
    private static List<float[]> Alone(GoldenRank golden, int joined, ProcessRank share)
    {
        using GoldenNet net = new(golden.File, golden.Case, rank: 0);
        using optim.Optimizer optimizer = GoldenSettings.Optimizer(golden.Case.GetProperty("optimizer")).Build([new([.. net.parameters()])]);
        using WorkflowRunner runner = Make(golden, net, optimizer, SingleProcess.Instance);
        List<float[]> weights = [];
        Register(runner, golden, new LegacySnapshotHook(net, weights));
        runner.Run([Loader(golden, share, joined)], [("train", 1)]);
        return weights;
    }

    private static WorkflowRunner Make(GoldenRank golden, nn.Module model, optim.Optimizer optimizer, ICollectives collectives)
    {
        RunnerOptions options = new()
        {
            Logger = new ListLogger(),
            Optimizer = optimizer,
            Collectives = collectives,
            MaxEpochs = golden.Setting("max_epochs")?.GetInt32(),
            MaxIters = golden.Setting("max_iters")?.GetInt32(),
            NonFiniteLoss = NonFiniteLoss.Ignore,
            Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true },
        };
        return golden.Case.GetProperty("runner").GetString() == "IterBasedRunner" ? new IterBasedRunner(model, options) : new EpochBasedRunner(model, options);
    }

    /// <summary>Gets the samples of every rank, where a case lists them or drops the last ones; null where our sampler finds them.</summary>
    public static IReadOnlyList<IReadOnlyList<int>>? OrdersOf(GoldenRank golden)
    {
        JsonElement sampler = golden.Case.GetProperty("sampler");
        int size = golden.Case.GetProperty("world_size").GetInt32();
        if (sampler.TryGetProperty("indices", out JsonElement indices))
        {
            return [.. indices.EnumerateArray().Select(rank => rank.EnumerateArray().Select(index => index.GetInt32()).ToArray())];
        }

        int samples = golden.Case.GetProperty("samples").GetInt32();
        return GoldenSettings.Flag(sampler, "drop_last")
            ? [.. Enumerable.Range(0, size).Select(rank => Enumerable.Range(0, samples / size).Select(i => rank + (i * size)).ToArray())]
            : null;
    }

    private static void Register(WorkflowRunner runner, GoldenRank golden, Hook hook)
    {
        JsonElement config = golden.Case.GetProperty("optimizer_config");
        GradClipConfig? clip = config.TryGetProperty("grad_clip", out JsonElement given) && given.ValueKind == JsonValueKind.Object
            ? new GradClipConfig(GoldenSettings.Number(given, "max_norm"), GoldenSettings.Number(given, "norm_type", 2))
            : null;
        OptimizerConfig? optimizer = config.GetProperty("type").GetString() switch
        {
            "OptimizerHook" => new OptimizerConfig(),
            "GradientCumulativeOptimizerHook" => new GradientCumulativeOptimizerConfig { CumulativeIters = config.GetProperty("cumulative_iters").GetInt32() },
            _ => null,
        };
        runner.RegisterTrainingHooks(new()
        {
            OptimizerConfig = optimizer is null ? null : optimizer with { GradClip = clip, DetectAnomalousParams = GoldenSettings.Flag(config, "detect_anomalous_params") },
            LrConfig = golden.Setting("lr_config") is { } lr ? Schedule(lr) : null,
            TimerConfig = null,
        });
        if (config.GetProperty("type").GetString() == "AllreduceHook")
        {
            runner.RegisterHook(new AllreduceHook(clip), HookPriority.AboveNormal);
        }

        if (GoldenSettings.Flag(golden.Case.GetProperty("sampler"), "seed_hook") && runner is EpochBasedRunner)
        {
            runner.RegisterHook(new DistSamplerSeedHook());
        }

        runner.RegisterHook(hook, HookPriority.Lowest);
    }

    private static StepLrConfig Schedule(JsonElement config) => new()
    {
        Step = [.. config.GetProperty("step").EnumerateArray().Select(step => step.GetInt32())],
        Gamma = GoldenSettings.Number(config, "gamma", 0.1),
        Warmup = Enum.Parse<Warmup>(config.GetProperty("warmup").GetString()!, ignoreCase: true),
        WarmupIters = (int)GoldenSettings.Number(config, "warmup_iters"),
        WarmupRatio = GoldenSettings.Number(config, "warmup_ratio"),
    };

    private static BatchLoader Loader(GoldenRank golden, ProcessRank rank, int joined = 1)
    {
        JsonElement one = golden.Case;
        JsonElement sampler = one.GetProperty("sampler");
        string model = one.GetProperty("model").GetString()!;
        GoldenData data = new(golden.File.GetProperty("data").GetProperty(model.StartsWith("mlp", StringComparison.Ordinal) ? "mlp" : model), one.GetProperty("samples").GetInt32());
        Sampler order = OrdersOf(golden) is { } orders
            ? new ListedSampler(orders[rank.Rank])
            : new DefaultSampler(data, GoldenSettings.Flag(sampler, "shuffle"), sampler.GetProperty("seed").GetInt64(), roundUp: true, rank);
        return new(data, new BatchLoaderOptions { BatchSize = one.GetProperty("batch_size").GetInt32() * joined, Sampler = order });
    }
}
