using Compat.Adapters.Equivalence;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TraceComparisonTests
{
    [Fact]
    public void Equal_traces_agree_in_everything()
    {
        TraceComparison comparison = Compare(Traces.Iteration(1), Traces.Iteration(1));

        comparison.Agrees.Should().BeTrue();
        comparison.FirstDifference.Should().BeNull();
        comparison.Verdicts.Select(verdict => verdict.Observation).Should().Equal(Enum.GetValues<Observation>());
        comparison.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 1);
    }

    [Fact]
    public void Each_observation_has_a_verdict_of_its_own()
    {
        IterationTrace control = Traces.Iteration(1);
        (Observation Observation, IterationTrace Candidate, string Text)[] changes =
        [
            (Observation.BatchIndices, control with { BatchIndices = [1, 0] }, "iteration 1, batch indices, batch: [0, 1] against [1, 0]"),
            (Observation.LearningRate, control with { LearningRate = 0.2 }, "iteration 1, learning rate, lr: 0.1 against 0.2"),
            (Observation.Loss, control with { Loss = 3 }, "iteration 1, loss, loss: 2 against 3"),
            (Observation.LogValues, control with { LogValues = [KeyValuePair.Create("acc", 0.25)] }, "iteration 1, log values, acc: 0.5 against 0.25"),
            (Observation.Weights, control with { Weights = [KeyValuePair.Create("fc.weight", Traces.Snapshot(2))] }, "iteration 1, weights, fc.weight: 1 against 2"),
            (Observation.Buffers, control with { Buffers = [KeyValuePair.Create("bn.mean", Traces.Snapshot(4))] }, "iteration 1, buffers, bn.mean: 3 against 4"),
        ];
        changes.Select(change => change.Observation).Should().Equal(Enum.GetValues<Observation>());

        foreach ((Observation observation, IterationTrace candidate, string text) in changes)
        {
            TraceComparison comparison = Compare(control, candidate);

            comparison.Agrees.Should().BeFalse();
            comparison.Verdicts.Where(verdict => !verdict.Agrees).Select(verdict => verdict.Observation).Should().Equal(observation);
            comparison.FirstDifference!.ToString().Should().Be(text);
        }
    }

    [Fact]
    public void The_first_difference_is_that_of_the_first_iteration_then_of_the_first_observation()
    {
        TrainingTrace control = Traces.Of(Traces.Iteration(1), Traces.Iteration(2), Traces.Iteration(3));
        TrainingTrace candidate = Traces.Of(
            Traces.Iteration(1),
            Traces.Iteration(2) with { Loss = 7, Buffers = [], Weights = [KeyValuePair.Create("fc.weight", Traces.Snapshot(2))] },
            Traces.Iteration(3) with { BatchIndices = [], Loss = 8 });

        TraceComparison comparison = TraceComparison.Of(control, candidate, ComparisonRules.LegacyAgainstMigrating);

        comparison.FirstDifference.Should().Be(new TraceDifference(2, Observation.Loss, "loss: 2 against 7"));
        comparison.Verdicts.Single(verdict => verdict.Observation == Observation.BatchIndices).FirstDifference!.Iteration.Should().Be(3);
        comparison.Verdicts.Should().OnlyContain(verdict => verdict.Iterations == 3);
    }

    [Fact]
    public void Names_are_part_of_what_is_compared()
    {
        IterationTrace candidate = Traces.Iteration(1) with { Weights = [KeyValuePair.Create("fc.bias", Traces.Snapshot(1))] };

        Compare(Traces.Iteration(1), candidate).FirstDifference!.Text.Should().Be("names: fc.weight against fc.bias");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(-2, true)]
    [InlineData(3, false)]
    [InlineData(-3, false)]
    public void Against_the_engine_the_learning_rate_may_be_two_units_off(int ulps, bool agrees) =>
        Compare(Traces.Iteration(1), Traces.Iteration(1) with { LearningRate = Shifted(0.1, ulps) }, ComparisonRules.LegacyAgainstEngine)
            .Agrees.Should().Be(agrees);

    [Fact]
    public void Against_the_migrating_trainer_the_learning_rate_may_not_be_off_at_all() =>
        Compare(Traces.Iteration(1), Traces.Iteration(1) with { LearningRate = Shifted(0.1, 1) }).Agrees.Should().BeFalse();

    [Fact]
    public void Nothing_but_the_learning_rate_may_be_off()
    {
        Compare(Traces.Iteration(1), Traces.Iteration(1) with { Loss = Shifted(2, 1) }, ComparisonRules.LegacyAgainstEngine).Agrees.Should().BeFalse();
        Compare(Traces.Iteration(1), Traces.Iteration(1) with { LogValues = [KeyValuePair.Create("acc", Shifted(0.5, 1))] }, ComparisonRules.LegacyAgainstEngine)
            .Agrees.Should().BeFalse();
    }

    [Fact]
    public void A_learning_rate_that_is_off_takes_nothing_else_along()
    {
        IterationTrace candidate = Traces.Iteration(1) with { LearningRate = Shifted(0.1, 1), Loss = 3 };

        TraceComparison comparison = Compare(Traces.Iteration(1), candidate, ComparisonRules.LegacyAgainstEngine);

        comparison.Verdicts.Where(verdict => !verdict.Agrees).Select(verdict => verdict.Observation).Should().Equal(Observation.Loss);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, double.MaxValue)]
    [InlineData(0.0, -0.0)]
    [InlineData(double.Epsilon, -double.Epsilon)]
    public void Bits_that_lie_near_each_other_by_chance_do_not_count_as_near(double control, double candidate) =>
        Compare(Traces.Iteration(1) with { LearningRate = control }, Traces.Iteration(1) with { LearningRate = candidate }, ComparisonRules.LegacyAgainstEngine)
            .Agrees.Should().BeFalse();

    [Fact]
    public void A_loss_of_nan_equals_itself() =>
        Compare(Traces.Iteration(1) with { Loss = double.NaN }, Traces.Iteration(1) with { Loss = double.NaN }).Agrees.Should().BeTrue();

    [Fact]
    public void Different_numbers_of_iterations_do_not_agree_although_no_value_differs()
    {
        TrainingTrace longer = Traces.Of(Traces.Iteration(1), Traces.Iteration(2));
        TrainingTrace shorter = Traces.Of(Traces.Iteration(1));

        foreach ((TrainingTrace control, TrainingTrace candidate) in new[] { (longer, shorter), (shorter, longer) })
        {
            TraceComparison comparison = TraceComparison.Of(control, candidate, ComparisonRules.LegacyAgainstMigrating);

            comparison.Agrees.Should().BeFalse();
            comparison.FirstDifference.Should().BeNull();
            comparison.Control.Should().BeSameAs(control);
            comparison.Candidate.Should().BeSameAs(candidate);
        }
    }

    [Fact]
    public void Empty_traces_do_not_agree() =>
        TraceComparison.Of(Traces.Of(), Traces.Of(), ComparisonRules.LegacyAgainstMigrating).Agrees.Should().BeFalse();

    private static TraceComparison Compare(IterationTrace control, IterationTrace candidate, ComparisonRules? rules = null) =>
        TraceComparison.Of(Traces.Of(control), Traces.Of(candidate), rules ?? ComparisonRules.LegacyAgainstMigrating);

    private static double Shifted(double value, int ulps) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) + ulps);
}
