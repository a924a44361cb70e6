using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests;

public sealed class IterLoaderTests
{
    [Fact]
    public void A_pass_that_gives_nothing_is_named()
    {
        using BatchLoader batches = new(new ToyDataset(4), new() { Sampler = new EmptySampler() });
        using IterLoader loader = new(batches);

        Action next = () => loader.Next();

        next.Should().Throw<InvalidOperationException>().WithMessage(
            "Pass 1 over ToyDataset gave no batch: EmptySampler gave too few samples for one. Let the sampler give at least a batch in every pass.");
    }

    [Fact]
    public void It_begins_anew_without_being_told_an_end()
    {
        using BatchLoader batches = ToyDataset.Loader(6);
        using IterLoader loader = new(batches);
        List<(int, int)> given = [];

        for (int i = 0; i < 7; i++)
        {
            using DataBatch batch = loader.Next();
            given.Add((loader.Epoch, batch.Indices[0]));
        }

        given.Should().Equal((0, 0), (0, 2), (0, 4), (1, 0), (1, 2), (1, 4), (2, 0));
        (loader.Length, loader.Loader).Should().Be((3, batches));
    }

    [Fact]
    public void Ending_it_ends_the_workers_that_read_ahead()
    {
        long before = LiveTensors.Settled();
        using BatchLoader batches = new(new ToyDataset(40), new() { BatchSize = 2, NumWorkers = 2 });
        IterLoader loader = new(batches);
        loader.Next().Dispose();

        loader.Dispose();

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void No_loader_is_refused()
    {
        Action make = () => _ = new IterLoader(null!);

        make.Should().Throw<ArgumentNullException>().WithParameterName("loader");
    }

    private sealed class EmptySampler : Sampler
    {
        public override int Count => 4;

        protected override IEnumerable<int> Order() => [];
    }
}
