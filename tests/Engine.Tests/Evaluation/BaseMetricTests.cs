using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Evaluation;

/// <summary>The numbers are those of MMEngine's <c>BaseMetric</c>, recorded in <c>engine_logging.json</c> under the ids that are named.</summary>
public sealed class BaseMetricTests
{
    private static readonly float[][] Batches = [[1, 4], [2.5f, 0.5f], [8]];

    [Theory]
    [InlineData("metrics/prefix_none", 5, 3.2, 5)]
    [InlineData("metrics/size_smaller", 3, 2.5, 3)]
    [InlineData("metrics/size_larger", 9, 3.2, 5)]
    public void Items_are_cut_to_the_number_of_samples(string id, int size, double mean, int count)
    {
        using ProbeMetric metric = new();
        metric.Process(Batches);

        IReadOnlyDictionary<string, MetricValue> values = metric.Evaluate(size);

        values["mean"].Number.Should().BeApproximately(mean, 1e-12, id);
        values["count"].Number.Should().Be(count, id);
        values["order"].Array.Should().Equal(new[] { 1, 4, 2.5, 0.5, 8 }.Take(count), id);
    }

    [Theory]
    [InlineData("metrics/per_batch", 5, new[] { 5.0, 3, 8 })]
    [InlineData("metrics/per_batch_size_2", 2, new[] { 5.0, 3 })]
    public void Items_of_whole_batches_are_cut_in_the_same_way(string id, int size, double[] order)
    {
        using ProbeMetric metric = new(perBatch: true);
        metric.Process(Batches);

        metric.Evaluate(size)["order"].Array.Should().Equal(order, id);
    }

    [Fact]
    public void Size_0_leaves_nothing()
    {
        using ProbeMetric metric = new();
        metric.Process(Batches);

        metric.Evaluate(0)["count"].Number.Should().Be(0);
    }

    [Fact]
    public void A_size_below_0_is_refused()
    {
        using ProbeMetric metric = new();

        Action act = () => metric.Evaluate(-2);

        act.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("size");
    }

    [Theory]
    [InlineData(null, null, "count")]
    [InlineData("p", null, "p/count")]
    [InlineData(null, "def", "def/count")]
    [InlineData("p/q", "def", "p/q/count")]
    [InlineData("", "def", "def/count")]
    [InlineData("", "", "count")]
    public void A_missing_or_empty_prefix_falls_back_to_the_default_one(string? prefix, string? defaultPrefix, string name)
    {
        using ProbeMetric metric = new(prefix, defaultPrefix);
        metric.Process(Batches);

        metric.Evaluate(5).Keys.Should().Contain(name);
    }

    [Fact]
    public void Evaluating_forgets_what_was_kept()
    {
        using ProbeMetric metric = new();
        metric.Process(Batches);

        metric.Evaluate(5)["count"].Number.Should().Be(5);
        metric.Process([4]);
        metric.Evaluate(5)["order"].Array.Should().Equal(4);
        metric.Evaluate(5)["count"].Number.Should().Be(0);
    }

    [Fact]
    public void A_metric_that_fails_keeps_its_items()
    {
        bool fails = true;
        using ProbeMetric metric = new()
        {
            Compute = items => fails
                ? throw new InvalidOperationException("no metric today")
                : new Dictionary<string, MetricValue> { ["count"] = items.Count },
        };
        metric.Process(Batches);

        Action act = () => metric.Evaluate(5);

        act.Should().Throw<InvalidOperationException>().WithMessage("no metric today");
        fails = false;
        metric.Evaluate(5)["count"].Number.Should().Be(5);
    }

    [Fact]
    public void Nothing_kept_is_warned_of_and_computed_all_the_same()
    {
        ListLogger logger = new();
        using ProbeMetric metric = new();

        IReadOnlyDictionary<string, MetricValue> values = metric.Evaluate(3, logger: logger);

        values["count"].Number.Should().Be(0);
        values["mean"].IsNone.Should().BeTrue();
        logger.Lines.Should().Equal(
            "ProbeMetric got empty `self.results`. Please ensure that the processed results are properly added into `self.results` in `process` method.");
    }

    [Fact]
    public void What_an_earlier_pass_kept_does_not_hide_that_nothing_is_kept()
    {
        ListLogger logger = new();
        using ProbeMetric metric = new();
        metric.Process(Batches);
        metric.Evaluate(5, logger: logger);
        logger.Lines.Should().BeEmpty();

        metric.Evaluate(5, logger: logger);

        logger.Lines.Should().ContainSingle().Which.Should().StartWith("ProbeMetric got empty `self.results`.");
    }

    [Fact]
    public void More_items_than_samples_are_warned_of_once()
    {
        ListLogger logger = new();
        using ProbeMetric metric = new();
        for (int i = 0; i < 2; i++)
        {
            metric.Process(Batches);
            metric.Evaluate(3, logger: logger)["count"].Number.Should().Be(3);
        }

        logger.Lines.Should().Equal(
            "ProbeMetric kept 5 items for 3 samples; the last 2 are left out. Keep one item per sample: with KeepOne, all that belongs to one sample is one item.");
        CompatEvents.IsOurs(CompatEvents.MetricItems).Should().BeTrue();
    }

    [Fact]
    public void As_many_items_as_samples_are_not_warned_of()
    {
        ListLogger logger = new();
        using ProbeMetric metric = new();
        metric.Process(Batches);

        metric.Evaluate(5, logger: logger);

        logger.Lines.Should().BeEmpty();
    }

    [Fact]
    public void Columns_and_items_come_back_as_they_were_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeMetric metric = new()
        {
            Compute = items =>
            {
                items.Column(0).shape.Should().Equal(3, 2);
                items.Column(0).data<float>().ToArray().Should().Equal(0, 1, 2, 3, 4, 5);
                items.Column(1).dtype.Should().Be(ScalarType.Int64);
                items.Column(1).data<long>().ToArray().Should().Equal(7, 8, 9);
                items[2].Select(tensor => tensor.sum().ToDouble()).Should().Equal(9, 9);
                return new Dictionary<string, MetricValue> { ["count"] = items.Count };
            },
        };
        metric.KeepRows(arange(4, ScalarType.Float32).reshape(2, 2), tensor(new long[] { 7, 8 }));
        metric.KeepRows(tensor(new float[,] { { 4, 5 } }), tensor(new long[] { 9 }));

        metric.Evaluate(3)["count"].Number.Should().Be(3);
        metric.Computed.Should().Be(1);
    }

    [Fact]
    public void Items_of_any_shapes_are_read_one_by_one()
    {
        using DisposeScope scope = NewDisposeScope();
        List<string> shapes = [];
        using ProbeMetric metric = new()
        {
            Compute = items =>
            {
                shapes.AddRange(Enumerable.Range(0, items.Count).Select(i => string.Join('x', items[i][0].shape)));
                Action column = () => items.Column(0);
                column.Should().Throw<InvalidOperationException>().WithMessage(
                    "Column 0 holds items of different shapes, [2, 4] and [0, 4], so they are no single tensor. Read them one by one: items[i][0].");
                return new Dictionary<string, MetricValue> { ["scores"] = items.Column(1).sum().ToDouble() };
            },
        };
        metric.KeepSingle(ones(2, 4), tensor(0.5f));
        metric.KeepSingle(ones(0, 4), tensor(0.25f));

        metric.Evaluate(2)["scores"].Number.Should().Be(0.75);
        shapes.Should().Equal("2x4", "0x4");
    }

    [Fact]
    public void An_item_or_a_column_that_is_not_there_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeMetric metric = new()
        {
            Compute = items =>
            {
                Action item = () => _ = items[2];
                Action column = () => items.Column(1);
                item.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The item is 2, but there are 2 items, counted from 0.*");
                column.Should().Throw<ArgumentOutOfRangeException>()
                    .WithMessage("The column is 1, but each item was kept with 1 tensors, counted from 0.*");
                return new Dictionary<string, MetricValue>();
            },
        };
        metric.KeepRows(ones(2));

        metric.Evaluate(2).Should().BeEmpty();
        metric.Computed.Should().Be(1);
    }

    [Fact]
    public void Columns_that_do_not_fit_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeMetric metric = new();
        metric.KeepRows(ones(2));

        Action lengths = () => metric.KeepRows(ones(2), ones(3, 1));
        Action scalar = () => metric.KeepRows(tensor(1f));
        Action none = () => metric.KeepRows();
        Action another = () => metric.KeepSingle(ones(1), ones(2));

        lengths.Should().Throw<ArgumentException>().WithMessage(
            "ProbeMetric keeps columns of shapes [2], [3, 1]; there must be at least one, and the first dimension must be the same in all: one row per sample. "
            + "Call KeepOne for one item of any shapes.*");
        scalar.Should().Throw<ArgumentException>().WithMessage("*shapes []; *");
        none.Should().Throw<ArgumentException>().WithMessage("*at least one*");
        another.Should().Throw<ArgumentException>().WithMessage(
            "ProbeMetric keeps 2 tensors per item, but kept 1 before. Keep the same columns in every batch.*");
        metric.Evaluate(2)["count"].Number.Should().Be(2, "what was refused left nothing");
    }

    [Fact]
    public void What_is_kept_is_a_copy_that_autograd_does_not_know()
    {
        using DisposeScope scope = NewDisposeScope();
        using ProbeMetric metric = new()
        {
            Compute = items =>
            {
                items.Column(0).requires_grad.Should().BeFalse();
                return new Dictionary<string, MetricValue> { ["sum"] = items.Column(0).sum().ToDouble() };
            },
        };
        Tensor value = ones(2, requires_grad: true).mul(1);
        metric.KeepRows(value);
        using (no_grad())
        {
            value.zero_();
        }

        metric.Evaluate(2)["sum"].Number.Should().Be(2);
    }

    [Fact]
    public void Evaluating_frees_every_tensor()
    {
        long before = LiveTensors.Settled();
        using ProbeMetric metric = new();
        metric.Process(Batches);
        Tensor.TotalCount.Should().Be(before + 3);

        metric.Evaluate(5);

        Tensor.TotalCount.Should().Be(before);
    }
}
