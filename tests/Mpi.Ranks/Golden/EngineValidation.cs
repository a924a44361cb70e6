using System.Text.Json;
using Compat.Engine;
using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.Engine.Model;
using Compat.TestSupport;
using Compat.Torch.Distributed;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A validation of MMEngine's in several processes: each sample counts once, and every rank gets the values.</summary>
internal static class EngineValidation
{
    public static void Run(GoldenRank golden, ICollectives collectives)
    {
        using TemporaryFolder folder = new();
        using GoldenNet net = new(golden.File, golden.Case, golden.Rank);
        JsonElement one = golden.Case;
        bool perBatch = one.GetProperty("metric").GetString() == "batch";
        using Runner runner = new(new()
        {
            Model = new EngineNet(net),
            ModelWrapper = new MMDistributedDataParallelOptions(),
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            Collectives = collectives,
            Device = TorchSharp.torch.CPU,
            ValDataloader = new DatasetLoaderOptions
            {
                Dataset = new GoldenData(golden.File.GetProperty("data").GetProperty("mlp"), one.GetProperty("samples").GetInt32()),
                Loader = new() { BatchSize = one.GetProperty("batch_size").GetInt32() },
                Sampler = new DefaultSamplerOptions { Shuffle = false, RoundUp = one.GetProperty("sampler").GetProperty("round_up").GetBoolean() },
            },
            ValEvaluator = new Evaluator(new OrderMetric(perBatch)),
        });
        IReadOnlyDictionary<string, MetricValue> values = runner.Val();
        JsonElement expected = one.GetProperty("metrics");
        Near.Float("mean", expected.GetProperty("val/mean").Number(), values["val/mean"].Number);
        // Of a batch the metric keeps its first sample here, the list of them there.
        values["val/order"].Array.Should().Equal(expected.GetProperty("val/order").EnumerateArray().Select(index => perBatch ? index[0].Number() : index.Number()));
    }
}
