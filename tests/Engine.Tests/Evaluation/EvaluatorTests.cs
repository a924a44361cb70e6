using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Evaluation;

public sealed class EvaluatorTests
{
    [Fact]
    public void Every_metric_sees_every_batch_and_the_results_come_in_the_order_of_the_metrics()
    {
        using DisposeScope scope = NewDisposeScope();
        ConstantMetric second = new("b", 2);
        ConstantMetric first = new("a", 1);
        using Evaluator evaluator = new(second, first);
        evaluator.Process(new ToyBatch(ones(1), ones(1)), new ScoreBatch(ones(1)));

        IReadOnlyDictionary<string, MetricValue> all = evaluator.Evaluate(7);

        all.Keys.Should().Equal("b", "a");
        all.Values.Should().Equal(new MetricValue(2), new MetricValue(1));
        (first.Processed, second.Processed, first.Samples).Should().Be((1, 1, 1));
        (first.Resets, second.Resets).Should().Be((1, 1));
        evaluator.Metrics.Should().Equal(second, first);
    }

    [Fact]
    public void A_clash_of_names_is_found_only_after_the_metric_was_evaluated()
    {
        // MMEngine, metrics/second_fails and metrics/two_same_prefix: the first metric is evaluated and forgotten, the others are as they were.
        using ProbeMetric first = new("a");
        using ProbeMetric second = new("a");
        using ProbeMetric third = new("b");
        using Evaluator evaluator = new(first, second, third);
        Array.ForEach([first, second, third], metric => metric.Process([1, 2]));

        Action act = () => evaluator.Evaluate(2);

        act.Should().Throw<InvalidOperationException>().WithMessage("Two metrics give a value named 'a/mean'. Give one of them a prefix.");
        (first.Computed, second.Computed, third.Computed).Should().Be((1, 1, 0));
        second.Evaluate(2)["a/count"].Number.Should().Be(0);
        third.Evaluate(2)["b/count"].Number.Should().Be(2);
    }

    [Fact]
    public void Resetting_resets_the_metrics()
    {
        using ProbeMetric metric = new();
        using Evaluator evaluator = new(metric);
        metric.Process([1, 2]);

        evaluator.Reset();

        evaluator.Evaluate(2)["count"].Number.Should().Be(0);
    }

    [Fact]
    public void Two_values_of_one_name_are_refused()
    {
        using Evaluator evaluator = new(new ConstantMetric("a", 1), new ConstantMetric("a", 2));

        Action act = () => evaluator.Evaluate(1);

        act.Should().Throw<InvalidOperationException>().WithMessage("Two metrics give a value named 'a'. Give one of them a prefix.");
    }

    [Fact]
    public void Disposing_disposes_the_metrics()
    {
        ConstantMetric metric = new("a", 1);

        new Evaluator(metric).Dispose();

        metric.Resets.Should().Be(1);
    }
}
