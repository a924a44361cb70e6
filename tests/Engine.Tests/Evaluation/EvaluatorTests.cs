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

        IReadOnlyDictionary<string, double> all = evaluator.Evaluate(7);

        all.Keys.Should().Equal("b", "a");
        all.Values.Should().Equal(2, 1);
        (first.Processed, second.Processed, first.Size).Should().Be((1, 1, 7));
        (first.Resets, second.Resets).Should().Be((1, 1));
        evaluator.Metrics.Should().Equal(second, first);
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
