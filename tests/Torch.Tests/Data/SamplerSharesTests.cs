using Compat.Torch.Data;

namespace Compat.Torch.Tests.Data;

/// <summary>What each of several processes visits: the strides of MMEngine's samplers over the orders that the other tests pin to PyTorch.</summary>
public sealed class SamplerSharesTests
{
    private static readonly NumberDataset Ten = new(10);

    [Fact]
    public void Shares_are_places_of_one_order_and_the_order_begins_anew_until_all_are_equally_long()
    {
        int[] order = [.. new DefaultSampler(Ten, seed: 3)];
        int[][] shares = [.. Enumerable.Range(0, 4).Select(rank => new DefaultSampler(Ten, seed: 3, process: new(rank, 4)).ToArray())];

        shares[0].Should().Equal(order[0], order[4], order[8]);
        shares[1].Should().Equal(order[1], order[5], order[9]);
        shares[2].Should().Equal(order[2], order[6], order[0]);
        shares[3].Should().Equal(order[3], order[7], order[1]);
        shares.Should().OnlyContain(share => share.Length == new DefaultSampler(Ten, true, 3, true, new(0, 4)).Count);
    }

    [Fact]
    public void Without_rounding_up_every_sample_is_visited_once()
    {
        DefaultSampler[] samplers = [.. Enumerable.Range(0, 4).Select(rank => new DefaultSampler(Ten, seed: 3, roundUp: false, process: new(rank, 4)))];

        samplers.Select(sampler => sampler.Count).Should().Equal(3, 3, 2, 2);
        samplers.Select(sampler => sampler.ToArray().Length).Should().Equal(3, 3, 2, 2);
        samplers.SelectMany(sampler => sampler).Order().Should().Equal(Enumerable.Range(0, 10));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void More_processes_than_samples_repeat_them_or_leave_some_without(bool roundUp, int count)
    {
        DefaultSampler sampler = new(new NumberDataset(3), shuffle: false, roundUp: roundUp, process: new(4, 5));

        sampler.Count.Should().Be(count);
        sampler.ToArray().Should().Equal(roundUp ? [1] : []);
    }

    [Fact]
    public void Shares_follow_the_epoch()
    {
        DefaultSampler whole = new(Ten, seed: 3);
        DefaultSampler share = new(Ten, seed: 3, process: new(1, 2));
        int[] before = [.. share];

        whole.SetEpoch(5);
        share.SetEpoch(5);

        share.Should().Equal(whole.Where((_, place) => place % 2 == 1));
        share.Should().NotEqual(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_endless_order_is_shared_across_its_rounds(bool shuffle)
    {
        using InfiniteSampler whole = new(Ten, shuffle, seed: 2);
        using InfiniteSampler share = new(Ten, shuffle, seed: 2, new(2, 3));
        using InfiniteSampler many = new(new NumberDataset(2), shuffle, seed: 2, new(4, 7));
        using InfiniteSampler few = new(new NumberDataset(2), shuffle, seed: 2);
        int[] order = [.. whole.Take(100)];

        share.Take(30).Should().Equal(Enumerable.Range(0, 30).Select(i => order[2 + (3 * i)]));
        share.Count.Should().Be(10);
        int[] small = [.. few.Take(100)];
        many.Take(10).Should().Equal(Enumerable.Range(0, 10).Select(i => small[4 + (7 * i)]));
    }

    [Fact]
    public void Several_processes_without_a_seed_are_refused_if_they_shuffle()
    {
        Action shuffled = () => new DefaultSampler(Ten, process: new(0, 2));
        Action endless = () => new InfiniteSampler(Ten, process: new(0, 2));

        shuffled.Should().Throw<ArgumentException>().WithMessage(
            "There are 2 processes and no seed, so each would shuffle in its own way and samples would be missed. Give all of them the same seed.");
        endless.Should().Throw<ArgumentException>();
        new DefaultSampler(Ten, shuffle: false, process: new(1, 2)).Should().Equal(1, 3, 5, 7, 9);
    }
}
