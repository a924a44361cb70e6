using Compat.Engine;
using Compat.Engine.Data;
using Compat.Engine.Evaluation;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Distributed;
using Compat.Torch.Randomness;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Joined;

/// <summary>Processes that share a set evaluate as one process does: each sample counts once, however the set divides.</summary>
internal static class EvaluationCases
{
    // Fewer samples than processes, as many, and sets that leave a process, or all but one, a sample short.
    private static readonly int[] Counts = [1, 2, 3, 4, 5, 7, 8, 10, 11];

    public static IReadOnlyList<RankCase> All { get; } =
    [
        new("Each_sample_counts_once_where_the_sampler_repeats_some", collectives => Compare(collectives, roundUp: true)),
        new("Each_sample_counts_once_where_shares_differ", collectives => Compare(collectives, roundUp: false)),
        new("More_samples_are_evaluated_than_there_are", MoreAreEvaluated),
    ];

    private static void Compare(ICollectives collectives, bool roundUp)
    {
        foreach (int count in Counts)
        {
            for (int batchSize = 1; batchSize <= 3; batchSize++)
            {
                (double error, string counted) = Evaluate(count, batchSize, roundUp, collectives);
                double alone = Evaluate(count, batchSize, roundUp, SingleProcess.Instance).Error;
                error.Should().BeApproximately(alone, 1e-6, "of {0} samples in batches of {1}", count, batchSize);
                counted.Should().Be($"{count}: {string.Join(", ", Enumerable.Range(0, count))}");
                collectives.GatherTexts($"{error:R}").Distinct().Should().ContainSingle();
            }
        }
    }

    // The control: what is cut off is there.
    private static void MoreAreEvaluated(ICollectives collectives)
    {
        using ListDataset data = TrainingShare.Samples(5, _ => false);
        DefaultSampler sampler = new(data, shuffle: false, process: collectives.Rank);
        collectives.GatherTexts($"{sampler.Count}").Sum(int.Parse).Should().BeGreaterThan(5);
    }

    private static (double Error, string Counted) Evaluate(int count, int batchSize, bool roundUp, ICollectives collectives)
    {
        TorchSeed.Set(3);
        using TemporaryFolder folder = new();
        using CurveNet net = new(SpareUse.Never);
        using ListDataset data = TrainingShare.Samples(count, _ => false);
        using Runner runner = new(new()
        {
            Model = new EngineCurve(net),
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            Device = CPU,
            Collectives = collectives,
            ValDataloader = new DatasetLoaderOptions
            {
                Dataset = data, Loader = new() { BatchSize = batchSize }, Sampler = new DefaultSamplerOptions { Shuffle = false, RoundUp = roundUp },
            },
            ValEvaluator = new Evaluator(new CurveMetric()),
        });
        IReadOnlyDictionary<string, MetricValue> values = runner.Val();
        return (values["mae"].Number, $"{values["count"].Number}: {string.Join(", ", values["order"].Array)}");
    }
}
