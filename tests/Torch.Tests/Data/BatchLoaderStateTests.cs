using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class BatchLoaderStateTests
{
    [Theory]
    [InlineData("sequential", 0)]
    [InlineData("default", 0)]
    [InlineData("random", 0)]
    [InlineData("infinite", 0)]
    [InlineData("sequential", 2)]
    [InlineData("default", 2)]
    [InlineData("random", 2)]
    [InlineData("infinite", 2)]
    public void A_pass_goes_on_after_a_restart_with_the_batches_and_random_numbers_that_were_left(string sampler, int workers)
    {
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        CountingDataset dataset = new();
        BatchLoader loader = Loader(dataset, sampler, workers, seed: 1);
        float[][] left;
        using (IEnumerator<DataBatch> pass = loader.GetEnumerator())
        {
            Take(pass, 4);
            PthFile.Write(folder.File("loader.pth"), loader.SaveState());
            left = Take(pass, 3);
        }

        CountingDataset data = new();
        BatchLoader restarted = Loader(data, sampler, workers: 2 - workers, seed: 9);
        TorchSeed.Set(99);
        using (PthFile file = PthFile.Read(folder.File("loader.pth")))
        {
            restarted.LoadState((PthDict)file.Root);
        }

        using IEnumerator<DataBatch> rest = restarted.GetEnumerator();
        float[][] read = Take(rest, 3);
        using IEnumerator<DataBatch> anew = Loader(new CountingDataset(), sampler, workers, seed: 9).GetEnumerator();

        read.Should().BeEquivalentTo(left, compare => compare.WithStrictOrdering());
        Take(anew, 3).Should().NotBeEquivalentTo(left, compare => compare.WithStrictOrdering());
        rest.Dispose();
        data.Asked.Should().BeLessThanOrEqualTo((3 + 4) * 3, "what was given before is not read again");
    }

    [Fact]
    public void A_hundred_loaders_of_all_kinds_go_on_wherever_they_were_interrupted()
    {
        Random random = new(5);
        string[] samplers = ["sequential", "default", "random", "infinite"];
        for (int i = 0; i < 100; i++)
        {
            BatchLoaderOptions options = new()
            {
                BatchSize = random.Next(1, 7), DropLast = random.Next(2) == 0, NumWorkers = random.Next(3), PrefetchFactor = random.Next(1, 3),
            };
            string sampler = samplers[i % 4];
            int passes = random.Next(3);
            using BatchLoader straight = Loader(new CountingDataset(), sampler, options, seed: 3);
            int taken = random.Next(1, straight.Length + 1);
            using BatchLoader restarted = Loader(new CountingDataset(), sampler, options with { NumWorkers = random.Next(3) }, seed: 4);
            for (int pass = 0; pass < passes; pass++)
            {
                using IEnumerator<DataBatch> before = straight.GetEnumerator();
                Take(before, sampler == "infinite" ? 5 : int.MaxValue);
            }

            straight.Sampler.SetEpoch(passes);
            using IEnumerator<DataBatch> interrupted = straight.GetEnumerator();
            Take(interrupted, taken);

            restarted.LoadState(straight.SaveState());

            using IEnumerator<DataBatch> resumed = restarted.GetEnumerator();
            Take(resumed, 6).Should().BeEquivalentTo(Take(interrupted, 6), compare => compare.WithStrictOrdering(), $"{sampler} after {taken} of {options}");
        }
    }

    [Fact]
    public void After_the_last_batch_nothing_is_left_and_the_next_pass_is_whole()
    {
        BatchLoader loader = new(new NumberDataset(5), new() { BatchSize = 2 });
        PthDict state = [];
        using (IEnumerator<DataBatch> pass = loader.GetEnumerator())
        {
            Take(pass, 3);
            state = loader.SaveState();
        }

        BatchLoader restarted = new(new NumberDataset(5), new() { BatchSize = 2 });
        restarted.LoadState(state);

        using (IEnumerator<DataBatch> none = restarted.GetEnumerator())
        {
            none.MoveNext().Should().BeFalse();
        }

        using IEnumerator<DataBatch> next = restarted.GetEnumerator();
        Take(next, 9).Should().HaveCount(3);
    }

    [Fact]
    public void Between_passes_the_next_one_begins_with_the_seed_and_epoch_of_the_sampler()
    {
        DefaultSampler sampler = new(new NumberDataset(9), seed: 3);
        BatchLoader loader = new(new NumberDataset(9), new() { BatchSize = 9, Sampler = sampler });
        sampler.SetEpoch(6);
        PthDict state = loader.SaveState();
        BatchLoader restarted = new(new NumberDataset(9), new() { BatchSize = 9, Sampler = new DefaultSampler(new NumberDataset(9), seed: 4) });

        restarted.LoadState(state);

        using IEnumerator<DataBatch> expected = loader.GetEnumerator();
        using IEnumerator<DataBatch> pass = restarted.GetEnumerator();
        Take(pass, 1).Should().BeEquivalentTo(Take(expected, 1), compare => compare.WithStrictOrdering());
    }

    [Fact]
    public void A_loaded_state_wins_over_an_epoch_that_the_sampler_is_told_later()
    {
        BatchLoader loader = OfEpoch(6);
        using IEnumerator<DataBatch> pass = loader.GetEnumerator();
        Take(pass, 1);
        PthDict state = loader.SaveState();
        float[][] left = Take(pass, 9);
        BatchLoader restarted = OfEpoch(0);

        restarted.LoadState(state);
        restarted.Sampler.SetEpoch(1);

        using IEnumerator<DataBatch> rest = restarted.GetEnumerator();
        Take(rest, 9).Should().BeEquivalentTo(left, compare => compare.WithStrictOrdering());
        restarted.Sampler.SetEpoch(1);
        using IEnumerator<DataBatch> next = restarted.GetEnumerator();
        using IEnumerator<DataBatch> expected = OfEpoch(1).GetEnumerator();
        Take(next, 9).Should().BeEquivalentTo(Take(expected, 9), compare => compare.WithStrictOrdering());
    }

    [Fact]
    public void A_loaded_state_is_what_is_saved_until_the_pass_goes_on()
    {
        BatchLoader loader = new(new NumberDataset(5), new() { BatchSize = 2 });
        using IEnumerator<DataBatch> pass = loader.GetEnumerator();
        Take(pass, 1);
        PthDict state = loader.SaveState();
        BatchLoader restarted = new(new NumberDataset(5), new() { BatchSize = 2 });

        restarted.LoadState(state);

        restarted.SaveState().Should().BeEquivalentTo(state);
        state["batches"].Should().Be(PthValue.FromInt64(1));
        state["position"].Should().Be(PthValue.FromInt64(2));
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused()
    {
        BatchLoader loader = new(new NumberDataset(5));
        PthDict good = loader.SaveState();
        Action nothing = () => loader.LoadState([]);
        Action otherData = () => new BatchLoader(new NumberDataset(6)).LoadState(good);
        Action otherSampler = () => new BatchLoader(new NumberDataset(5), new() { Sampler = new RandomSampler(new NumberDataset(5)) }).LoadState(good);
        Action tooFar = () => loader.LoadState(Changed(good, "position", 6));
        Action damaged = () => loader.LoadState(Changed(good, "position", long.MaxValue));

        nothing.Should().Throw<PthException>().WithMessage("The value is no state of a BatchLoader: it lacks 'sampler'. Give what BatchLoader.SaveState returned.");
        otherData.Should().Throw<PthException>().WithMessage(
            "The state is of a SequentialSampler over 5 samples, the loader has a SequentialSampler over 6. Resume with the same data and sampler, or begin the pass anew.");
        otherSampler.Should().Throw<PthException>().WithMessage("*the loader has a RandomSampler over 5*");
        tooFar.Should().Throw<PthException>().WithMessage("The state of the loader does not fit: The state stands at sample 6 of a pass that has 5.*");
        damaged.Should().Throw<PthException>().WithMessage("The state has 9223372036854775807 under 'position'; it must be from 0 to 2147483647.*");
        loader.LoadState(good);
    }

    /// <summary>Numbers beyond 32 bits were cut to their lower half, and what was of another kind was taken for nothing.</summary>
    [Theory]
    [InlineData("position", -1L, "The state has -1 under 'position'; it must be from 0 to 2147483647. The file is damaged; take an older one.")]
    [InlineData("position", 4294967297L, "The state has 4294967297 under 'position'; it must be from 0 to 2147483647.*")]
    [InlineData("position", -4294967295L, "The state has -4294967295 under 'position'; it must be from 0 to 2147483647.*")]
    [InlineData("epoch", -1L, "The state has -1 under 'epoch'; it must be from 0 to 2147483647.*")]
    [InlineData("epoch", 4294967297L, "The state has 4294967297 under 'epoch'; it must be from 0 to 2147483647.*")]
    [InlineData("batches", -1L, "The state has -1 under 'batches'; it must be from 0 to 9223372036854775807.*")]
    [InlineData("samples", -5L, "The state has -5 under 'samples'; it must be from 0 to 2147483647.*")]
    [InlineData("position", "two", "The state's 'position' is a PthText; it must be a whole number.*")]
    [InlineData("seed", "two", "The state's 'seed' is a PthText; it must be a whole number, or None.*")]
    [InlineData("base_seed", "two", "The state's 'base_seed' is a PthText; it must be a whole number, or None.*")]
    [InlineData("generator", "two", "The state's 'generator' holds no bytes; it must be those of a generator, or None.*")]
    [InlineData("batches", null, "The state lacks 'batches', which must be a whole number.*")]
    public void A_number_that_no_loader_writes_is_refused_and_changes_nothing(string entry, object? value, string message)
    {
        using DisposeScope scope = NewDisposeScope();
        using BatchLoader loader = Loader(new CountingDataset(), "default", 0, seed: 1);
        using IEnumerator<DataBatch> pass = loader.GetEnumerator();
        Take(pass, 2);
        PthDict good = loader.SaveState();
        PthDict bad = [];
        foreach ((PthValue key, PthValue old) in good.Where(pair => value is not null || pair.Key != new PthText(entry)))
        {
            bad.Set(key, key != new PthText(entry) ? old : value is long number ? number : (string)value!);
        }

        using BatchLoader other = Loader(new CountingDataset(), "default", 0, seed: 1);
        other.LoadState(good);
        Action load = () => other.LoadState(bad);

        load.Should().Throw<PthException>().WithMessage(message);
        other.SaveState().Should().BeEquivalentTo(good);
    }

    private static BatchLoader OfEpoch(int epoch)
    {
        DefaultSampler sampler = new(new NumberDataset(9), seed: 3);
        sampler.SetEpoch(epoch);
        return new(new NumberDataset(9), new() { BatchSize = 2, Sampler = sampler });
    }

    private static BatchLoader Loader(CountingDataset dataset, string sampler, int workers, long seed) =>
        Loader(dataset, sampler, new BatchLoaderOptions { BatchSize = 3, NumWorkers = workers }, seed);

    private static BatchLoader Loader(CountingDataset dataset, string sampler, BatchLoaderOptions options, long seed) => new(dataset, options with
    {
        Sampler = sampler switch
        {
            "sequential" => new SequentialSampler(dataset),
            "default" => new DefaultSampler(dataset, seed: seed),
            "random" => new RandomSampler(dataset),
            _ => new InfiniteSampler(dataset, seed: seed),
        },
    });

    private static float[][] Take(IEnumerator<DataBatch> pass, int count)
    {
        List<float[]> batches = [];
        while (batches.Count < count && pass.MoveNext())
        {
            using DataBatch batch = pass.Current;
            batches.Add([.. ((PairBatch)batch).Image.data<float>().ToArray(), .. ((PairBatch)batch).Label.data<float>().ToArray()]);
        }

        return [.. batches];
    }

    private static PthDict Changed(PthDict state, string name, long value)
    {
        PthDict changed = [];
        foreach ((PthValue key, PthValue old) in state)
        {
            changed.Set(key, key is PthText text && text.Value == name ? value : old);
        }

        return changed;
    }

    /// <summary>Sample i is the pair of i and a random number.</summary>
    private sealed class CountingDataset : Dataset
    {
        private int asked;

        public int Asked => asked;

        public override int Count => 20;

        public override DataBatch this[int index]
        {
            get
            {
                Interlocked.Increment(ref asked);
                return new PairBatch(tensor((float)index), rand([], generator: WorkerInfo.Current!.Generator));
            }
        }
    }
}
