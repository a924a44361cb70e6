using Compat.Adapters.Equivalence;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class IterationTraceTests
{
    [Fact]
    public void Well_known_stages_are_read_in_short()
    {
        IterationTrace iteration = Traces.Iteration(7);

        iteration.Number.Should().Be(7);
        iteration.BatchIndices.Should().Equal(0, 1);
        iteration.LearningRate.Should().Be(0.1);
        iteration.Loss.Should().Be(2);
        iteration.LogValues.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("acc", 0.5));
        iteration.Weights.Single().Value.ToDouble().Should().Be(1);
        iteration.Buffers.Single().Value.ToDouble().Should().Be(3);
        iteration[Observation.Gradients].Tensors.Single().Value.ToDouble().Should().Be(5);
    }

    [Fact]
    public void An_absent_stage_is_null_when_looked_for_and_named_when_needed()
    {
        IterationTrace iteration = new(3, [Traces.Indices(0), Traces.Number(Observation.LearningRate, "lr", 0.1)]);
        Action loss = () => _ = iteration.Loss;

        iteration.Find(Observation.Loss).Should().BeNull();
        loss.Should().Throw<KeyNotFoundException>().WithMessage("Iteration 3 has no stage 'loss'. Stages present: batch, learning_rate.");
    }

    [Fact]
    public void A_stage_is_replaced_in_its_place_or_added_at_the_end()
    {
        Observation mine = new("mine");
        IterationTrace changed = Traces.Iteration(1).With(Traces.Number(Observation.Loss, "loss", 5)).With(Traces.Number(mine, "x", 1));

        changed.Loss.Should().Be(5);
        changed.Stages.Select(stage => stage.Observation).Should().Equal([.. Traces.Iteration(1).Stages.Select(stage => stage.Observation), mine]);
    }

    [Fact]
    public void A_value_that_is_missing_or_of_another_kind_is_named()
    {
        TraceStage stage = Traces.Tensor(Observation.Weights, "fc.weight", 1);
        Action missing = () => _ = stage["fc.bias"];
        Action number = () => _ = stage.Numbers;

        missing.Should().Throw<KeyNotFoundException>().WithMessage("The stage 'weights' has no value 'fc.bias'. Values present: fc.weight.");
        number.Should().Throw<InvalidOperationException>().WithMessage("The value 'fc.weight' of stage 'weights' is Float32 [], not a number. Read it from Values.");
    }

    [Fact]
    public void Names_of_observations_read_as_words_and_count_when_seen_again()
    {
        Observation.ClippedGradients.Words.Should().Be("clipped gradients");
        Observation.Gradients.At(1).Should().BeSameAs(Observation.Gradients);
        Observation.Gradients.At(2).Should().Be(new Observation("gradients_2"));
    }
}
