using Compat.Engine.Data;
using Compat.Engine.Runtime;
using Compat.Engine.Tests.Support;
using Compat.Torch.Data;
using Compat.Torch.Distributed;

namespace Compat.Engine.Tests.Data;

public sealed class DatasetLoaderOptionsTests
{
    [Fact]
    public void The_runner_builds_the_loader_with_its_seed()
    {
        RampDataset dataset = new(6);
        using TestRun run = new();
        DatasetLoaderOptions options = new() { Dataset = dataset, Sampler = new DefaultSamplerOptions(), Loader = new() { BatchSize = 2 } };

        Runner runner = run.Make(run.Options with { TrainDataloader = options, Randomness = new RandomnessOptions { Seed = 8 } });

        runner.TrainDataloader!.Sampler.Should().Equal(new DefaultSampler(dataset, seed: 8)).And.NotEqual(new DefaultSampler(dataset, seed: 9));
        runner.TrainDataloader.Length.Should().Be(3);
    }

    [Fact]
    public void Each_process_gets_its_share()
    {
        RampDataset dataset = new(5);
        DatasetLoaderOptions options = new() { Dataset = dataset, Sampler = new DefaultSamplerOptions { Shuffle = false, RoundUp = false } };

        using BatchLoader loader = options.Build(new DataloaderContext(0, new ProcessRank(1, 2)));

        loader.Sampler.Should().Equal(1, 3);
    }

    [Fact]
    public void An_endless_order_is_built_with_seed_and_rank()
    {
        RampDataset dataset = new(4);
        DataloaderContext context = new(3, new ProcessRank(1, 2));

        using InfiniteSampler built = (InfiniteSampler)new InfiniteSamplerOptions { Shuffle = false }.Build(dataset, context);
        using InfiniteSampler shuffled = (InfiniteSampler)new InfiniteSamplerOptions().Build(dataset, context);
        using InfiniteSampler expected = new(dataset, seed: 3, process: new ProcessRank(1, 2));

        built.Take(4).Should().Equal(1, 3, 1, 3);
        shuffled.Take(8).Should().Equal(expected.Take(8));
    }

    [Fact]
    public void Only_the_first_samples_are_shuffled_if_a_number_of_batches_is_given()
    {
        RampDataset dataset = new(20);
        DatasetLoaderOptions options = new() { Dataset = dataset, Sampler = new DefaultSamplerOptions(), Loader = new() { BatchSize = 2 }, NumBatchPerEpoch = 3 };

        using BatchLoader loader = options.Build(new DataloaderContext(4, new ProcessRank(1, 2)));

        loader.Length.Should().Be(3);
        loader.Sampler.Should().Equal(new DefaultSampler(new RampDataset(12), seed: 4, process: new ProcessRank(1, 2)));
        loader.Dataset.Count.Should().Be(12);
        using DataBatch last = loader.Dataset[11];
        using DataBatch expected = dataset[11];
        last.Tensors[0].item<float>().Should().Be(expected.Tensors[0].item<float>());
    }

    [Theory]
    [InlineData(0, "NumBatchPerEpoch is 0, which takes 0 samples in 2 process(es) with batches of 2; it must be at least 1, and the dataset has 11. *")]
    [InlineData(3, "NumBatchPerEpoch is 3, which takes 12 samples in 2 process(es) with batches of 2; it must be at least 1, and the dataset has 11. *")]
    public void A_number_of_batches_that_there_are_not_is_refused(int batches, string message)
    {
        DatasetLoaderOptions options = new()
        {
            Dataset = new RampDataset(11), Sampler = new DefaultSamplerOptions(), Loader = new() { BatchSize = 2 }, NumBatchPerEpoch = batches,
        };

        options.Invoking(one => one.Build(new DataloaderContext(4, new ProcessRank(0, 2)))).Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void An_order_that_is_given_twice_is_refused()
    {
        RampDataset dataset = new(4);
        DatasetLoaderOptions options = new()
        {
            Dataset = dataset,
            Sampler = new DefaultSamplerOptions(),
            Loader = new() { Sampler = new SequentialSampler(dataset) },
        };

        Action act = () => options.Build(new DataloaderContext(0, default));

        act.Should().Throw<ArgumentException>().WithMessage(
            "The order of the samples is given twice: Sampler is DefaultSamplerOptions, Loader.Sampler is a SequentialSampler. Leave Loader.Sampler out.");
    }

    [Fact]
    public void The_runner_disposes_a_loader_that_it_built_and_no_other()
    {
        RampDataset dataset = new(4);
        using TestRun run = new();
        using BatchLoader own = new(dataset);
        Runner runner = run.Make(run.WithValidation with { TrainDataloader = new DatasetLoaderOptions { Dataset = dataset, Sampler = new DefaultSamplerOptions() }, ValDataloader = own });

        runner.Dispose();

        Action built = () => runner.TrainDataloader!.First();
        Action handedIn = () => own.First().Dispose();
        built.Should().Throw<ObjectDisposedException>();
        handedIn.Should().NotThrow();
    }
}
