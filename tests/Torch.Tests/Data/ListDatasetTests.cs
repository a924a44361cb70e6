using Compat.TestSupport;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class ListDatasetTests
{
    [Fact]
    public void A_loader_gives_the_samples_in_order_in_each_pass()
    {
        using ListDataset dataset = Numbers(5);
        using BatchLoader loader = new(dataset, new() { BatchSize = 2 });

        Images(loader).Should().Equal("0 1", "2 3", "4");
        Images(loader).Should().Equal("0 1", "2 3", "4");
        dataset.Count.Should().Be(5);
    }

    [Fact]
    public void Samples_outlive_the_scope_they_were_made_in_and_end_with_the_dataset()
    {
        long before = LiveTensors.Settled();
        ListDataset dataset;
        using (NewDisposeScope())
        {
            dataset = Numbers(3);
        }

        using (NewDisposeScope())
        {
            ((PairBatch)dataset[2]).Image.item<float>().Should().Be(2);
        }

        Tensor.TotalCount.Should().Be(before + 6);
        dataset.Dispose();
        Tensor.TotalCount.Should().Be(before);
        Action read = () => _ = dataset[0];
        read.Should().Throw<ObjectDisposedException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Batches_that_take_samples_over_leave_the_dataset_whole(int workers)
    {
        using ListDataset dataset = Numbers(4);
        using BatchLoader loader = new(dataset, new() { BatchSize = 2, Collate = PseudoCollate.List<PairBatch>, NumWorkers = workers });
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (DataBatch batch in loader)
            {
                batch.Dispose();
            }
        }

        using DisposeScope scope = NewDisposeScope();
        ((PairBatch)dataset[3]).Image.item<float>().Should().Be(3);
    }

    [Fact]
    public void Reading_copies_nothing()
    {
        using ListDataset dataset = Numbers(2);
        using DisposeScope scope = NewDisposeScope();

        ((PairBatch)dataset[1]).Image.add_(10);

        ((PairBatch)dataset[1]).Image.item<float>().Should().Be(11);
    }

    [Fact]
    public void A_missing_sample_is_named()
    {
        using PairBatch sample = new(ones(1), ones(1));

        Action make = () => _ = new ListDataset(sample, null!, sample);
        Action none = () => _ = new ListDataset(null!);

        make.Should().Throw<ArgumentException>().WithMessage("Sample 1 of 3 is null. Leave it out of the list.*");
        none.Should().Throw<ArgumentNullException>().WithParameterName("samples");
    }

    private static ListDataset Numbers(int count) =>
        new(Enumerable.Range(0, count).Select(i => new PairBatch(tensor((float)i), tensor(10f * i))));

    private static List<string> Images(BatchLoader loader)
    {
        List<string> images = [];
        foreach (DataBatch batch in loader)
        {
            images.Add(string.Join(' ', ((PairBatch)batch).Image.data<float>().ToArray()));
            batch.Dispose();
        }

        return images;
    }
}
