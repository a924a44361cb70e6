using Compat.TestSupport;
using Compat.Engine.Evaluation;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Evaluation;

public sealed class AccuracyTests
{
    [Fact]
    public void It_is_the_share_of_samples_whose_highest_score_is_that_of_their_label()
    {
        using DisposeScope scope = NewDisposeScope();
        using Accuracy<ToyBatch, ScoreBatch> accuracy = Make();
        accuracy.Process(Labels(0, 1), Scores(new float[,] { { 9, 1 }, { 2, 3 } }));
        accuracy.Process(Labels(0, 1, 1), Scores(new float[,] { { 1, 2 }, { 5, 4 }, { 0, 1 } }));

        accuracy.Evaluate(5).Should().Equal(new Dictionary<string, MetricValue> { ["accuracy"] = 0.6 });
    }

    [Fact]
    public void Samples_beyond_the_size_of_the_dataset_are_padding()
    {
        using DisposeScope scope = NewDisposeScope();
        using Accuracy<ToyBatch, ScoreBatch> accuracy = Make();
        accuracy.Process(Labels(0, 1, 1, 1), Scores(new float[,] { { 9, 1 }, { 3, 2 }, { 0, 1 }, { 0, 1 } }));

        accuracy.Evaluate(2)["accuracy"].Number.Should().Be(0.5);
    }

    [Fact]
    public void An_evaluation_forgets_what_was_taken_in()
    {
        using DisposeScope scope = NewDisposeScope();
        using Accuracy<ToyBatch, ScoreBatch> accuracy = Make();
        accuracy.Process(Labels(0), Scores(new float[,] { { 9, 1 } }));
        accuracy.Evaluate(1)["accuracy"].Number.Should().Be(1);
        accuracy.Process(Labels(1), Scores(new float[,] { { 9, 1 } }));

        accuracy.Evaluate(1)["accuracy"].Number.Should().Be(0);
    }

    [Fact]
    public void A_prefix_is_put_before_the_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using Accuracy<ToyBatch, ScoreBatch> accuracy = new(batch => batch.Label, predictions => predictions.Scores, "digits");
        accuracy.Process(Labels(0), Scores(new float[,] { { 9, 1 } }));

        accuracy.Evaluate(1).Keys.Should().Equal("digits/accuracy");
    }

    [Fact]
    public void The_accuracy_of_nothing_is_refused()
    {
        using Accuracy<ToyBatch, ScoreBatch> accuracy = Make();

        Action act = () => accuracy.Evaluate(1);

        act.Should().Throw<InvalidOperationException>()
            .WithMessage("The accuracy of nothing was asked for. Process at least one batch before evaluating; in a loop, let the model's ValStep return predictions.");
    }

    [Fact]
    public void Another_type_of_batch_or_predictions_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Accuracy<ToyBatch, ScoreBatch> accuracy = Make();

        Action batch = () => accuracy.Process(Scores(new float[,] { { 1 } }), Scores(new float[,] { { 1 } }));
        Action predictions = () => accuracy.Process(Labels(0), Labels(0));

        Action list = () => accuracy.Process(Labels(0), new SampleList<ScoreBatch>());

        list.Should().Throw<ArgumentException>().WithMessage("Accuracy expects predictions of type ScoreBatch, but the model gave SampleList<ScoreBatch>. *");
        batch.Should().Throw<ArgumentException>().WithMessage("Accuracy expects batches of type ToyBatch, but the loader gave ScoreBatch. Let the loader give ToyBatch, or make the metric for the other type.*");
        predictions.Should().Throw<ArgumentException>().WithMessage("Accuracy expects predictions of type ScoreBatch, but the model gave ToyBatch. Let the model give ScoreBatch, or make the metric for the other type.*");
    }

    [Fact]
    public void What_is_kept_outlives_the_iteration_and_is_freed_by_the_evaluation_or_by_disposing()
    {
        long before = LiveTensors.Settled();
        Accuracy<ToyBatch, ScoreBatch> accuracy = Make();
        for (int i = 0; i < 2; i++)
        {
            using DisposeScope iteration = NewDisposeScope();
            accuracy.Process(Labels(0), Scores(new float[,] { { 9, 1 } }));
        }

        Tensor.TotalCount.Should().Be(before + 2);
        accuracy.Evaluate(2)["accuracy"].Number.Should().Be(1);
        Tensor.TotalCount.Should().Be(before);
        using (NewDisposeScope())
        {
            accuracy.Process(Labels(0), Scores(new float[,] { { 9, 1 } }));
        }

        accuracy.Dispose();
        Tensor.TotalCount.Should().Be(before);
    }

    private static Accuracy<ToyBatch, ScoreBatch> Make() => new(batch => batch.Label, predictions => predictions.Scores);

    private static ToyBatch Labels(params long[] labels) => new(zeros(labels.Length), tensor(labels));

    private static ScoreBatch Scores(float[,] scores) => new(tensor(scores));
}
