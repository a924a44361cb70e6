using Compat.Adapters.Equivalence;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TraceComparisonTests
{
    [Fact]
    public void Equal_traces_agree_in_every_stage()
    {
        TraceComparison comparison = Compare(Traces.Iteration(1), Traces.Iteration(1));

        comparison.Agrees.Should().BeTrue();
        comparison.FirstDifference.Should().BeNull();
        comparison.Verdicts.Select(verdict => verdict.Observation).Should().Equal(Traces.Iteration(1).Stages.Select(stage => stage.Observation)).And.HaveCount(9);
        comparison.Verdicts.Should().OnlyContain(verdict => verdict.Agrees && verdict.Iterations == 1 && verdict.Allowed == 0);
    }

    [Fact]
    public void Each_stage_has_a_verdict_of_its_own()
    {
        IterationTrace control = Traces.Iteration(1);
        (TraceStage Change, string Text)[] changes =
        [
            (Traces.Indices(1, 0), "iteration 1, batch, indices: [0, 1] against [1, 0]"),
            (Traces.Number(Observation.LearningRate, "lr", 0.2), "iteration 1, learning rate, lr: 0.1 against 0.2"),
            (Traces.Number(Observation.Momentum, "momentum", 0.95), "iteration 1, momentum, momentum: 0.9 against 0.95"),
            (Traces.Number(Observation.Loss, "loss", 3), "iteration 1, loss, loss: 2 against 3"),
            (Traces.Number(Observation.LogValues, "acc", 0.25), "iteration 1, log values, acc: 0.5 against 0.25"),
            (Traces.Tensor(Observation.Gradients, "fc.weight", 6), "iteration 1, gradients, fc.weight: 5 against 6"),
            (Traces.Tensor(Observation.ClippedGradients, "fc.weight", 6), "iteration 1, clipped gradients, fc.weight: 4 against 6"),
            (Traces.Tensor(Observation.Weights, "fc.weight", 2), "iteration 1, weights, fc.weight: 1 against 2"),
            (Traces.Tensor(Observation.Buffers, "bn.mean", 4), "iteration 1, buffers, bn.mean: 3 against 4"),
        ];
        changes.Select(change => change.Change.Observation).Should().Equal(control.Stages.Select(stage => stage.Observation));

        foreach ((TraceStage change, string text) in changes)
        {
            TraceComparison comparison = Compare(control, control.With(change));

            comparison.Agrees.Should().BeFalse();
            comparison.Verdicts.Where(verdict => !verdict.Agrees).Select(verdict => verdict.Observation).Should().Equal(change.Observation);
            comparison.VerdictOn(change.Observation)!.Agrees.Should().BeFalse();
            comparison.FirstDifference!.ToString().Should().Be(text);
        }
    }

    [Fact]
    public void The_first_difference_is_that_of_the_first_iteration_then_of_the_first_stage()
    {
        TrainingTrace control = Traces.Of(Traces.Iteration(1), Traces.Iteration(2), Traces.Iteration(3));
        TrainingTrace candidate = Traces.Of(
            Traces.Iteration(1),
            Traces.Iteration(2).With(Traces.Number(Observation.Loss, "loss", 7)).With(Traces.Tensor(Observation.Weights, "fc.weight", 2)),
            Traces.Iteration(3).With(Traces.Indices()).With(Traces.Number(Observation.Loss, "loss", 8)));

        TraceComparison comparison = TraceComparison.Of(control, candidate, ComparisonRules.LegacyAgainstMigrating);

        comparison.FirstDifference.Should().Be(new TraceDifference(2, Observation.Loss, "loss: 2 against 7"));
        comparison.VerdictOn(Observation.Batch)!.FirstDifference!.Iteration.Should().Be(3);
        comparison.Verdicts.Should().OnlyContain(verdict => verdict.Iterations == 3);
    }

    [Fact]
    public void A_stage_that_only_one_side_has_is_a_difference()
    {
        IterationTrace whole = Traces.Iteration(1);
        IterationTrace lossless = whole.Without(Observation.Loss);

        Compare(whole, lossless).FirstDifference!.ToString().Should().Be("iteration 1, loss, present in trace, absent in trace");
        Compare(lossless, whole).FirstDifference!.ToString().Should().Be("iteration 1, loss, absent in trace, present in trace");
        Compare(whole, lossless).VerdictOn(Observation.Loss)!.Iterations.Should().Be(0);
        Compare(lossless, whole).Agrees.Should().BeFalse();
    }

    [Fact]
    public void What_the_rules_leave_out_is_not_compared_however_often_it_is_seen()
    {
        IterationTrace whole = Traces.Iteration(1).With(Traces.Tensor(Observation.Gradients.At(2), "fc.weight", 6));
        IterationTrace without = whole.Without(Observation.Gradients).Without(Observation.Gradients.At(2));
        ComparisonRules rules = new() { LeftOut = [Observation.Gradients] };

        TraceComparison comparison = TraceComparison.Of(Traces.Of(whole), Traces.Of(without), rules);

        comparison.Agrees.Should().BeTrue();
        comparison.VerdictOn(Observation.Gradients).Should().BeNull();
        comparison.VerdictOn(Observation.ClippedGradients).Should().NotBeNull("it is another thing, although its name ends alike");
        TraceComparison.Of(Traces.Of(whole), Traces.Of(without), new()).Agrees.Should().BeFalse();
        TraceComparison.Of(Traces.Of(whole), Traces.Of(whole.Without(Observation.Loss)), rules).Agrees.Should().BeFalse();
        TraceComparison.Of(Traces.Of(whole), Traces.Of(whole), new() { LeftOut = [new("log")] }).VerdictOn(Observation.LogValues).Should().NotBeNull("log_values is no second log");
    }

    [Fact]
    public void A_stage_that_neither_has_is_nothing_to_compare()
    {
        IterationTrace lossless = Traces.Iteration(1).Without(Observation.Loss);

        TraceComparison comparison = Compare(lossless, lossless);

        comparison.Agrees.Should().BeTrue();
        comparison.VerdictOn(Observation.Loss).Should().BeNull();
    }

    [Fact]
    public void Iterations_without_a_stage_are_not_counted_for_it()
    {
        TrainingTrace accumulating = Traces.Of(Traces.Iteration(1).Without(Observation.Gradients), Traces.Iteration(2));

        TraceComparison comparison = TraceComparison.Of(accumulating, accumulating, ComparisonRules.LegacyAgainstMigrating);

        comparison.Agrees.Should().BeTrue();
        comparison.VerdictOn(Observation.Gradients)!.Iterations.Should().Be(1);
        comparison.VerdictOn(Observation.Weights)!.Iterations.Should().Be(2);
    }

    [Fact]
    public void A_stage_of_the_users_own_is_compared_like_the_others()
    {
        Observation state = new("optimizer_state");

        Compare(Traces.Iteration(1).With(Traces.Number(state, "step", 1)), Traces.Iteration(1).With(Traces.Number(state, "step", 2)))
            .FirstDifference!.ToString().Should().Be("iteration 1, optimizer state, step: 1 against 2");
    }

    [Fact]
    public void Names_are_part_of_what_is_compared()
    {
        IterationTrace control = Traces.Iteration(1);

        Compare(control, control.With(Traces.Tensor(Observation.Weights, "fc.bias", 1))).FirstDifference!.Text.Should().Be("names: fc.weight against fc.bias");
        Compare(control, control.With(new TraceStage(Observation.Weights, []))).FirstDifference!.Text.Should().Be("names: fc.weight against nothing more");
    }

    [Fact]
    public void Names_in_another_order_are_said_to_be_so()
    {
        KeyValuePair<string, double> total = new("loss", 2);
        KeyValuePair<string, double> term = new("loss_cls", 1);
        IterationTrace iteration = Traces.Iteration(1);

        Compare(iteration.With(TraceStage.Of(Observation.LogValues, [term, total])), iteration.With(TraceStage.Of(Observation.LogValues, [total, term])))
            .FirstDifference!.Text.Should().Be("the same names in another order: loss_cls against loss");
    }

    [Fact]
    public void Values_of_different_kinds_differ() =>
        Compare(Traces.Iteration(1), Traces.Iteration(1).With(Traces.Tensor(Observation.Loss, "loss", 2)))
            .FirstDifference!.Text.Should().Be("loss: a number against Float32 []");

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(-2, true)]
    [InlineData(3, false)]
    [InlineData(-3, false)]
    public void Against_the_engine_rates_may_be_two_units_off(int ulps, bool agrees)
    {
        IterationTrace rate = Traces.Iteration(1).With(Traces.Number(Observation.LearningRate, "lr", Shifted(0.1, ulps)));
        IterationTrace momentum = Traces.Iteration(1).With(Traces.Number(Observation.Momentum, "momentum", Shifted(0.9, ulps)));

        Compare(Traces.Iteration(1), rate, ComparisonRules.LegacyAgainstEngine).Agrees.Should().Be(agrees);
        Compare(Traces.Iteration(1), momentum, ComparisonRules.LegacyAgainstEngine).Agrees.Should().Be(agrees);
    }

    [Fact]
    public void What_the_rules_allow_is_counted()
    {
        IterationTrace candidate = Traces.Iteration(1).With(Traces.Number(Observation.LearningRate, "lr", Shifted(0.1, 1)));

        TraceComparison comparison = Compare(Traces.Iteration(1), candidate, ComparisonRules.LegacyAgainstEngine);

        comparison.VerdictOn(Observation.LearningRate)!.Allowed.Should().Be(1);
        comparison.VerdictOn(Observation.Momentum)!.Allowed.Should().Be(0);
    }

    [Fact]
    public void Against_the_migrating_trainer_rates_may_not_be_off_at_all() =>
        Compare(Traces.Iteration(1), Traces.Iteration(1).With(Traces.Number(Observation.LearningRate, "lr", Shifted(0.1, 1)))).Agrees.Should().BeFalse();

    [Fact]
    public void Nothing_but_the_rates_may_be_off()
    {
        IterationTrace loss = Traces.Iteration(1).With(Traces.Number(Observation.Loss, "loss", Shifted(2, 1)));
        IterationTrace value = Traces.Iteration(1).With(Traces.Number(Observation.LogValues, "acc", Shifted(0.5, 1)));

        Compare(Traces.Iteration(1), loss, ComparisonRules.LegacyAgainstEngine).Agrees.Should().BeFalse();
        Compare(Traces.Iteration(1), value, ComparisonRules.LegacyAgainstEngine).Agrees.Should().BeFalse();
    }

    [Fact]
    public void A_learning_rate_that_is_off_takes_nothing_else_along()
    {
        IterationTrace candidate = Traces.Iteration(1)
            .With(Traces.Number(Observation.LearningRate, "lr", Shifted(0.1, 1)))
            .With(Traces.Number(Observation.Loss, "loss", 3));

        TraceComparison comparison = Compare(Traces.Iteration(1), candidate, ComparisonRules.LegacyAgainstEngine);

        comparison.Verdicts.Where(verdict => !verdict.Agrees).Select(verdict => verdict.Observation).Should().Equal(Observation.Loss);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, double.MaxValue)]
    [InlineData(0.0, -0.0)]
    [InlineData(double.Epsilon, -double.Epsilon)]
    public void Bits_that_lie_near_each_other_by_chance_do_not_count_as_near(double control, double candidate) =>
        Compare(
            Traces.Iteration(1).With(Traces.Number(Observation.LearningRate, "lr", control)),
            Traces.Iteration(1).With(Traces.Number(Observation.LearningRate, "lr", candidate)),
            ComparisonRules.LegacyAgainstEngine).Agrees.Should().BeFalse();

    [Fact]
    public void A_loss_of_nan_equals_itself_and_no_nan_with_other_bits()
    {
        double other = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(double.NaN) + 1);
        IterationTrace nan = Traces.Iteration(1).With(Traces.Number(Observation.Loss, "loss", double.NaN));

        Compare(nan, Traces.Iteration(1).With(Traces.Number(Observation.Loss, "loss", double.NaN))).Agrees.Should().BeTrue();
        Compare(nan, Traces.Iteration(1).With(Traces.Number(Observation.Loss, "loss", other)))
            .FirstDifference!.Text.Should().Be("loss: NaN (0xfff8000000000000) against NaN (0xfff8000000000001)");
    }

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
    public void Traces_in_which_there_is_nothing_to_compare_do_not_agree()
    {
        IterationTrace[] empty = [new(1, []), new(1, [new TraceStage(Observation.Weights, [])])];

        TraceComparison.Of(Traces.Of(), Traces.Of(), ComparisonRules.LegacyAgainstMigrating).Agrees.Should().BeFalse();
        empty.Should().OnlyContain(iteration => !Compare(iteration, iteration, null).Agrees);
    }

    private static TraceComparison Compare(IterationTrace control, IterationTrace candidate, ComparisonRules? rules = null) =>
        TraceComparison.Of(Traces.Of(control), Traces.Of(candidate), rules ?? ComparisonRules.LegacyAgainstMigrating);

    private static double Shifted(double value, int ulps) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) + ulps);
}
