using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using Compat.Torch.Randomness;

namespace Compat.Torch.Tests.Data;

/// <summary>The orders were made with PyTorch 1.13: torch.manual_seed(3); list(RandomSampler(range(7))) and so on, as each test says.</summary>
public sealed class OtherSamplersTests
{
    [Fact]
    public void Sequential_gives_every_index_in_order() => new SequentialSampler(new ToyDataset(4)).Should().Equal(0, 1, 2, 3);

    [Fact]
    public void Random_gives_PyTorchs_orders_one_after_the_other()
    {
        TorchSeed.Set(3);                                             // RandomSampler(range(7))
        RandomSampler sampler = new(new ToyDataset(7));

        sampler.ToArray().Should().Equal(5, 1, 2, 6, 3, 0, 4);
        sampler.ToArray().Should().Equal(3, 2, 5, 4, 1, 0, 6);
        sampler.Count.Should().Be(7);
    }

    [Fact]
    public void Random_gives_PyTorchs_draws_with_replacement()
    {
        TorchSeed.Set(3);                                             // RandomSampler(range(5), replacement=True, num_samples=40)
        RandomSampler sampler = new(new ToyDataset(5), replacement: true, numSamples: 40);

        sampler.ToArray().Should().Equal(
            2, 3, 0, 1, 3, 1, 2, 2, 3, 4, 3, 1, 2, 0, 0, 4, 2, 0, 3, 4, 1, 3, 0, 1, 3, 1, 2, 4, 2, 1, 1, 0, 3, 3, 2, 4, 3, 1, 0, 4);
    }

    [Fact]
    public void Random_goes_through_the_data_again_if_more_is_asked_for()
    {
        TorchSeed.Set(3);                                             // RandomSampler(range(5), num_samples=8)
        RandomSampler sampler = new(new ToyDataset(5), numSamples: 8);

        sampler.ToArray().Should().Equal(2, 1, 0, 4, 3, 3, 0, 1);
    }

    [Fact]
    public void Infinite_goes_on_where_it_stopped_whatever_the_epoch()
    {
        using InfiniteSampler sampler = new(new ToyDataset(6), seed: 1);

        sampler.Take(4).Should().Equal(1, 5, 2, 0);                   // g.manual_seed(1); randperm(6, generator=g), twice
        sampler.SetEpoch(7);
        sampler.Take(8).Should().Equal(3, 4, 1, 2, 3, 5, 4, 0);
        sampler.Count.Should().Be(6);
    }

    [Fact]
    public void Infinite_without_shuffling_repeats_the_order()
    {
        using InfiniteSampler sampler = new(new ToyDataset(3), shuffle: false);

        sampler.Take(7).Should().Equal(0, 1, 2, 0, 1, 2, 0);
    }

    [Fact]
    public void No_samples_are_refused()
    {
        Action random = () => new RandomSampler(new ToyDataset(0));
        Action infinite = () => new InfiniteSampler(new ToyDataset(0));
        Action none = () => new RandomSampler(new ToyDataset(3), numSamples: 0);

        random.Should().Throw<ArgumentOutOfRangeException>();
        infinite.Should().Throw<ArgumentOutOfRangeException>();
        none.Should().Throw<ArgumentOutOfRangeException>();
    }
}
