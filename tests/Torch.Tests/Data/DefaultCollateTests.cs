using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class DefaultCollateTests
{
    [Fact]
    public void Tensors_are_stacked_along_a_new_first_dimension()
    {
        using DisposeScope scope = NewDisposeScope();

        PairBatch batch = (PairBatch)DefaultCollate.Stack([new PairBatch(ones(2, 3), tensor(4L)), new PairBatch(zeros(2, 3), tensor(5L))]);

        batch.Image.shape.Should().Equal(2L, 2L, 3L);
        batch.Image.sum([1, 2]).data<float>().ToArray().Should().Equal(6f, 0f);
        batch.Label.data<long>().ToArray().Should().Equal(4L, 5L);
    }

    [Fact]
    public void Unequal_shapes_are_refused_with_both_shapes()
    {
        using DisposeScope scope = NewDisposeScope();

        Action act = () => DefaultCollate.Stack([new PairBatch(ones(2), ones(2, 3)), new PairBatch(ones(2), ones(3, 2))]);

        act.Should().Throw<ArgumentException>().WithMessage(
            "Samples of PairBatch cannot be stacked: tensor 1 has shape [2, 3] in the first sample and [3, 2] in another. Make the shapes equal, or "
            + "give the loader a Collate of your own.");
    }

    [Fact]
    public void Different_types_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();

        Action act = () => DefaultCollate.Stack([new PairBatch(ones(2), ones(2)), new Labelled(ones(2), "a")]);

        act.Should().Throw<ArgumentException>()
            .WithMessage("The samples of one batch have different types: PairBatch and Labelled. A dataset returns one type.");
    }

    [Fact]
    public void Properties_that_are_no_tensors_are_refused_by_name()
    {
        using DisposeScope scope = NewDisposeScope();

        Action act = () => DefaultCollate.Stack([new Labelled(ones(2), "a")]);

        act.Should().Throw<ArgumentException>().WithMessage(
            "Labelled has properties that are no tensors: Name. The default collate stacks tensors only; give the loader a Collate of your own.");
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => DefaultCollate.Stack(null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("samples");
    }

    private sealed record Labelled(Tensor Value, string Name) : DataBatch;
}
