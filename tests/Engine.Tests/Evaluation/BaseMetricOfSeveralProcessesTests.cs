using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Evaluation;

/// <summary>The orders are those of MMEngine's <c>collect_results</c> and <c>BaseMetric</c>, recorded in <c>distributed.json</c> under the ids that are named.</summary>
public sealed class BaseMetricOfSeveralProcessesTests
{
    public static TheoryData<string, float[][], int, double[]> Cases => new()
    {
        { "collect/padded_cut_ws2", [[0, 2, 4], [1, 3, 5]], 5, [0, 1, 2, 3, 4] },
        { "collect/exact_ws2", [[0, 2], [1, 3]], 4, [0, 1, 2, 3] },
        { "collect/uneven_ws2", [[0, 2, 4], [1, 3]], 5, [0, 1, 2, 3, 4] },
        { "collect/one_empty_ws2", [[0, 1, 2], []], 3, [0, 1, 2] },
        { "collect/random2_ws2", [[], [90, 63, 69]], 5, [90, 63, 69] },
        { "collect/all_empty_ws2", [[], []], 3, [] },
        { "collect/size_zero_ws2", [[0, 2], [1, 3]], 0, [] },
        { "collect/size_too_large_ws2", [[0, 2], [1]], 9, [0, 1, 2] },
        { "collect/uneven_ws4_ws4", [[0, 4, 8], [1, 5, 9], [2, 6], [3, 7]], 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
        { "collect/two_empty_ws4", [[0, 1], [], [2, 3], []], 4, [0, 2, 1, 3] },
        { "metric/uneven_ws4", [[1, 5], [2, 6], [3], [4]], 6, [1, 2, 3, 4, 5, 6] },
        { "three, the last batch padded", [[0, 3, 6], [1, 4, 0], [2, 5, 1]], 7, [0, 1, 2, 3, 4, 5, 6] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Items_of_all_processes_are_interleaved_and_cut(string id, float[][] parts, int size, double[] order)
    {
        int[] computed = new int[parts.Length];
        IReadOnlyDictionary<string, MetricValue>[] values = ThreadCollectives.Run(parts.Length, collectives =>
        {
            int rank = collectives.Rank.Rank;
            using ProbeMetric metric = new("val");
            metric.Process([.. parts[rank].Chunk(2)]);
            IReadOnlyDictionary<string, MetricValue> result = metric.Evaluate(size, collectives);
            computed[rank] = metric.Computed;
            metric.Evaluate(size, collectives)["val/count"].Number.Should().Be(0, "everybody forgets");
            return result;
        });

        foreach (IReadOnlyDictionary<string, MetricValue> one in values)
        {
            one.Should().Equal(values[0], id);
            one.Keys.Should().Equal("val/mean", "val/count", "val/order");
            one["val/order"].Array.Should().Equal(order, id);
            one["val/mean"].Should().Be(order.Length == 0 ? MetricValue.None : new MetricValue(order.Average()), id);
        }

        computed.Should().Equal(Enumerable.Range(0, parts.Length).Select(rank => rank == 0 ? 1 : 0), "process 0 computes");
    }

    [Fact]
    public void Ragged_items_travel_with_their_shapes_and_types()
    {
        string[][] seen = ThreadCollectives.Run(2, collectives =>
        {
            using DisposeScope scope = NewDisposeScope();
            List<string> shapes = [];
            using ProbeMetric metric = new()
            {
                Compute = items =>
                {
                    shapes.AddRange(Enumerable.Range(0, items.Count).Select(i => string.Join(' ', items[i].Select(Describe))));
                    return new Dictionary<string, MetricValue>();
                },
            };
            int rank = collectives.Rank.Rank;
            metric.KeepSingle(full(rank + 1, 4, 0.5f), tensor(rank));
            metric.KeepSingle(zeros(0, 4), tensor(10 + rank));
            metric.Evaluate(4, collectives);
            return shapes.ToArray();
        });

        seen[0].Should().Equal("Float32[1,4]=2 Int32[]=0", "Float32[2,4]=4 Int32[]=1", "Float32[0,4]=0 Int32[]=10", "Float32[0,4]=0 Int32[]=11");
        seen[1].Should().BeEmpty();

        static string Describe(Tensor tensor) => FormattableString.Invariant($"{tensor.dtype}[{string.Join(',', tensor.shape)}]={tensor.sum().ToDouble()}");
    }

    [Fact]
    public void Rows_of_one_shape_and_several_types_keep_their_types()
    {
        string[][] seen = ThreadCollectives.Run(2, collectives =>
        {
            using DisposeScope scope = NewDisposeScope();
            List<string> types = [];
            using ProbeMetric metric = new()
            {
                Compute = items =>
                {
                    types.AddRange(Enumerable.Range(0, items.Count).Select(i => FormattableString.Invariant($"{items[i][0].dtype} {items[i][0].ToDouble()}")));
                    return new Dictionary<string, MetricValue>();
                },
            };
            int rank = collectives.Rank.Rank;
            metric.KeepRows(tensor(new[] { rank + 0.5f }));
            metric.KeepRows(tensor(new[] { 10L + rank }));
            metric.Evaluate(4, collectives);
            return types.ToArray();
        });

        seen[0].Should().Equal("Float32 0.5", "Float32 1.5", "Int64 10", "Int64 11");
    }

    [Fact]
    public void What_came_from_other_processes_is_freed()
    {
        long before = LiveTensors.Settled();

        ThreadCollectives.Run(2, collectives =>
        {
            using ProbeMetric metric = new();
            using (Tensor kept = ones(2))
            {
                metric.KeepSingle(kept);
            }

            return metric.Evaluate(2, collectives);
        });

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Accuracy_of_three_processes_is_that_of_one()
    {
        float[][] scores = [[0.1f, 0.9f], [0.8f, 0.2f], [0.3f, 0.7f], [0.6f, 0.4f], [0.2f, 0.8f]];
        long[] labels = [1, 0, 0, 1, 1];
        ListLogger logger = new();
        double alone = Measure(SingleProcess.Instance);

        double[] together = ThreadCollectives.Run(3, Measure);

        alone.Should().Be(0.6);
        together.Should().Equal(0.6, 0.6, 0.6);
        logger.Lines.Should().BeEmpty("it keeps one item per sample");

        double Measure(ICollectives collectives)
        {
            using DisposeScope scope = NewDisposeScope();
            using Accuracy<LabelBatch, ScoreBatch> accuracy = new(batch => batch.Label, predictions => predictions.Scores);
            int size = collectives.Rank.WorldSize;
            int share = (labels.Length + size - 1) / size;            // the sampler repeats the first samples to fill up
            for (int i = 0; i < share; i++)
            {
                int sample = ((i * size) + collectives.Rank.Rank) % labels.Length;
                accuracy.Process(new LabelBatch(tensor(new[] { labels[sample] })), new ScoreBatch(tensor(scores[sample]).reshape(1, 2)));
            }

            return accuracy.Evaluate(labels.Length, collectives, collectives.Rank.Rank == 0 ? logger : null)["accuracy"].Number;
        }
    }

    [Fact]
    public void A_metric_that_fails_on_process_0_fails_everywhere()
    {
        Action act = () => ThreadCollectives.Run(2, collectives =>
        {
            using ProbeMetric metric = new() { Compute = _ => throw new InvalidOperationException("No metric today.") };
            metric.Process([1]);
            return metric.Evaluate(2, collectives);
        });

        act.Should().Throw<AggregateException>().Which.InnerExceptions.Select(exception => exception.Message).Should().Equal(
            "No metric today.", "Process 0 could not compute ProbeMetric: No metric today. Its own log says more.");
    }

    [Fact]
    public void Who_kept_nothing_is_warned()
    {
        IReadOnlyList<string>[] lines = ThreadCollectives.Run(2, collectives =>
        {
            ListLogger logger = new();
            using ProbeMetric metric = new();
            metric.Process(collectives.Rank.Rank == 0 ? [[1, 3]] : []);
            metric.Evaluate(2, collectives, logger);
            return logger.Lines;
        });

        lines[0].Should().BeEmpty();
        lines[1].Should().ContainSingle().Which.Should().StartWith("ProbeMetric got empty");
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void Whole_batches_of_repeated_samples_are_warned_of(int size, bool isWarned)
    {
        // MMEngine, val_loop/per_batch_padded_ws2: the batch that only fills up counts.
        IReadOnlyList<string>[] lines = ThreadCollectives.Run(2, collectives =>
        {
            ListLogger logger = new();
            using ProbeMetric metric = new(perBatch: true);
            metric.Process([1, 2], [3]);
            metric.Evaluate(size, collectives, logger)["count"].Number.Should().Be(4);
            return logger.Lines;
        });

        lines.SelectMany(line => line).Should().Equal(isWarned
            ? ["ProbeMetric keeps one item per batch, and 2 processes do not share 5 samples evenly: samples that a sampler repeats to fill up count twice. "
                + "Keep one item per sample, or make the DefaultSampler with roundUp: false."]
            : []);
    }

    [Fact]
    public void The_items_of_all_processes_are_counted_together()
    {
        ListLogger logger = new();

        ThreadCollectives.Run(2, collectives =>
        {
            using DisposeScope scope = NewDisposeScope();
            using ProbeMetric metric = new();
            for (int i = 0; i < 3; i++)
            {
                metric.KeepSingle(ones(1));
            }

            return metric.Evaluate(3, collectives, collectives.Rank.Rank == 0 ? logger : null);
        });

        logger.Lines.Should().ContainSingle().Which.Should().StartWith("ProbeMetric kept 6 items for 3 samples; the last 3 are left out.");
    }

    [Fact]
    public void Samples_that_fill_up_are_no_reason_for_a_warning()
    {
        IReadOnlyList<string>[] lines = ThreadCollectives.Run(3, collectives =>
        {
            ListLogger logger = new();
            using ProbeMetric metric = new();
            metric.Process([1, 2, 3]);
            metric.Evaluate(7, collectives, logger)["count"].Number.Should().Be(7);
            return logger.Lines;
        });

        lines.Should().AllSatisfy(one => one.Should().BeEmpty());
    }
}
