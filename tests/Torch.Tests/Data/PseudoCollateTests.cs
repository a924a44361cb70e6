using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class PseudoCollateTests
{
    [Fact]
    public void Samples_of_different_shapes_stay_apart()
    {
        using DisposeScope scope = NewDisposeScope();

        SampleList<PairBatch> batch = (SampleList<PairBatch>)PseudoCollate.List<PairBatch>([Sample(2), Sample(3)]);

        batch.Samples.Select(sample => sample.Image.shape[0]).Should().Equal(2, 3);
        batch.Tensors.Should().HaveCount(4).And.ContainInOrder(batch.Samples[0].Image, batch.Samples[0].Label, batch.Samples[1].Image);
    }

    [Fact]
    public void A_sample_of_another_type_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Action act = () => PseudoCollate.List<NamedBatch>([Sample(1)]);

        act.Should().Throw<ArgumentException>().WithMessage("A sample is a PairBatch, not a NamedBatch. Name the type that the dataset returns.");
    }

    [Fact]
    public void Other_tensors_go_to_the_samples_in_order()
    {
        using DisposeScope scope = NewDisposeScope();
        SampleList<PairBatch> batch = new(Sample(2), Sample(3));

        SampleList<PairBatch> doubled = (SampleList<PairBatch>)batch.With([.. batch.Tensors.Select(tensor => tensor * 2)]);
        Action tooFew = () => batch.With([ones(1)]);

        doubled.Samples[1].Image.data<float>().ToArray().Should().Equal(2, 2, 2);
        doubled.Samples[0].Label.item<float>().Should().Be(4);
        batch.Samples[1].Image.data<float>().ToArray().Should().Equal(1, 1, 1);
        tooFew.Should().Throw<ArgumentException>().WithMessage("The samples have 4 tensors, but 1 were given.*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void A_loader_gives_and_frees_lists_of_samples(int workers)
    {
        using BatchLoader loader = new(new RaggedDataset(), new() { BatchSize = 2, NumWorkers = workers, Collate = PseudoCollate.List<PairBatch> });
        long before = TestSupport.LiveTensors.Settled();
        List<long> lengths = [];
        foreach (DataBatch batch in loader)
        {
            lengths.AddRange(((SampleList<PairBatch>)batch).Samples.Select(sample => sample.Image.shape[0]));
            batch.Dispose();
        }

        lengths.Should().Equal(1, 2, 3);
        Tensor.TotalCount.Should().Be(before);
    }

    private static PairBatch Sample(int length) => new(ones(length), tensor((float)length));

    private sealed class RaggedDataset : Dataset
    {
        public override int Count => 3;

        public override DataBatch this[int index] => Sample(index + 1);
    }
}
