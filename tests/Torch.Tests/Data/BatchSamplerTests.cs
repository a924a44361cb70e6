using Compat.Torch.Data;

namespace Compat.Torch.Tests.Data;

public sealed class BatchSamplerTests
{
    [Fact]
    public void The_last_batch_may_be_smaller()
    {
        BatchSampler batches = new(InOrder(5), batchSize: 2, dropLast: false);

        batches.Count.Should().Be(3);
        batches.Should().BeEquivalentTo(new int[][] { [0, 1], [2, 3], [4] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_last_batch_that_is_not_full_can_be_left_out()
    {
        BatchSampler batches = new(InOrder(5), batchSize: 2, dropLast: true);

        batches.Count.Should().Be(2);
        batches.Should().BeEquivalentTo(new int[][] { [0, 1], [2, 3] }, options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_full_last_batch_is_kept_in_both_ways()
    {
        new BatchSampler(InOrder(4), 2, dropLast: true).Should().HaveCount(2);
        new BatchSampler(InOrder(4), 2, dropLast: false).Should().HaveCount(2);
    }

    [Fact]
    public void It_follows_its_sampler()
    {
        DefaultSampler sampler = new(new NumberDataset(6), seed: 3);
        BatchSampler batches = new(sampler, 4, dropLast: false);

        batches.Sampler.Should().BeSameAs(sampler);
        batches.SelectMany(batch => batch).Should().Equal(sampler);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void A_size_below_one_is_refused(int size)
    {
        Action act = () => _ = new BatchSampler(InOrder(4), size, dropLast: false);

        act.Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage($"BatchSize is {size}; it must be at least 1. Use 1 for one sample at a time.*").WithParameterName("batchSize");
    }

    private static DefaultSampler InOrder(int count) => new(new NumberDataset(count), shuffle: false);
}
