using Compat.Torch.Data;
using Compat.Torch.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class DefaultSamplerTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(42, 3)]
    public void The_order_is_randperm_of_a_generator_with_seed_plus_epoch(long seed, int epoch)
    {
        DefaultSampler sampler = new(new NumberDataset(20), seed: seed);

        sampler.SetEpoch(epoch);

        sampler.Should().Equal(RandPerm(20, seed + epoch));
        sampler.Should().NotEqual(RandPerm(20, seed + epoch + 1));
    }

    [Fact]
    public void The_order_stays_until_the_epoch_is_set()
    {
        DefaultSampler sampler = new(new NumberDataset(20), seed: 0);
        int[] first = [.. sampler];
        int[] second = [.. sampler];

        sampler.SetEpoch(1);

        second.Should().Equal(first);
        sampler.Should().NotEqual(first);
        sampler.Order().Should().Equal(Enumerable.Range(0, 20));
    }

    [Fact]
    public void Without_shuffling_the_order_is_that_of_the_dataset_in_every_epoch()
    {
        DefaultSampler sampler = new(new NumberDataset(5), shuffle: false, seed: 0);

        sampler.SetEpoch(3);

        sampler.Should().Equal(0, 1, 2, 3, 4);
        sampler.Count.Should().Be(5);
    }

    [Fact]
    public void Without_a_seed_one_is_drawn_from_the_generator()
    {
        TorchSeed.Set(11);
        DefaultSampler first = new(new NumberDataset(50));
        DefaultSampler next = new(new NumberDataset(50));
        TorchSeed.Set(11);
        DefaultSampler again = new(new NumberDataset(50));

        again.Should().Equal(first);
        next.Should().NotEqual(first);
    }

    [Fact]
    public void Shuffling_with_a_seed_does_not_touch_the_random_stream_of_the_program()
    {
        using DisposeScope scope = NewDisposeScope();
        TorchSeed.Set(5);
        float expected = rand(1).item<float>();
        TorchSeed.Set(5);

        _ = new DefaultSampler(new NumberDataset(9), seed: 1).ToArray();

        rand(1).item<float>().Should().Be(expected);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => _ = new DefaultSampler(null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("dataset");
    }

    private static int[] RandPerm(int count, long seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new((ulong)seed);
        return Array.ConvertAll(randperm(count, generator: generator).data<long>().ToArray(), index => (int)index);
    }
}
