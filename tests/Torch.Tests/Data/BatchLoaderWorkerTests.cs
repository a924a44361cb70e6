using System.Collections.Concurrent;
using Compat.TestSupport;
using Compat.Torch.Data;
using Compat.Torch.Randomness;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed class BatchLoaderWorkerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 3)]
    public void Workers_give_the_same_batches_in_the_same_order(int workers, int prefetch)
    {
        BatchLoaderOptions options = new() { BatchSize = 3, Sampler = new DefaultSampler(new NumberDataset(50), seed: 1) };
        float[][] expected = Read(new BatchLoader(new NumberDataset(50), options));
        using BatchLoader loader = new(new UnevenDataset(50), options with { NumWorkers = workers, PrefetchFactor = prefetch });

        float[][] read = Read(loader);

        read.Should().BeEquivalentTo(expected, compare => compare.WithStrictOrdering());
        read.Should().HaveCount(17);
    }

    [Fact]
    public void Samples_are_read_on_the_workers_threads_and_without_workers_on_ones_own()
    {
        ThreadsDataset dataset = new();
        Read(new BatchLoader(dataset, new() { NumWorkers = 2 }));
        int[] threads = [.. dataset.Threads];
        dataset.Threads.Clear();
        Read(new BatchLoader(dataset));

        threads.Should().NotContain(Environment.CurrentManagedThreadId);
        dataset.Threads.Should().OnlyContain(thread => thread == Environment.CurrentManagedThreadId);
    }

    [LinuxFact]
    public void Operations_of_a_worker_run_on_its_own_thread_alone()
    {
        int before = get_num_threads();
        try
        {
            set_num_threads(2);
            ThreadsDataset dataset = new();
            Read(new BatchLoader(dataset, new() { NumWorkers = 1 }));

            dataset.OperationThreads.Distinct().Should().Equal(1);
            get_num_threads().Should().Be(2);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Workers_are_ahead_by_the_prefetch_factor_and_no_more()
    {
        using CountdownEvent read = new(5);
        CountingDataset dataset = new(20, read);
        using BatchLoader loader = new(dataset, new() { NumWorkers = 2, PrefetchFactor = 2 });
        using IEnumerator<DataBatch> pass = loader.GetEnumerator();

        pass.MoveNext().Should().BeTrue();

        read.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue("one batch was taken and four are read ahead");
        pass.Current.Dispose();
        dataset.Asked.Should().Be(5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_of_the_dataset_arrives_with_the_samples_index(int workers)
    {
        using BatchLoader loader = new(new BrokenDataset(), new() { BatchSize = 2, NumWorkers = workers });
        List<int> seen = [];
        Action act = () =>
        {
            foreach (DataBatch batch in loader)
            {
                seen.AddRange(batch.Indices);
                batch.Dispose();
            }
        };

        SampleException exception = act.Should().Throw<SampleException>().WithMessage("BrokenDataset could not give sample 5: there is no file 5").Which;
        exception.Indices.Should().Equal(5);
        exception.InnerException.Should().BeOfType<FileNotFoundException>().Which.StackTrace.Should().Contain(nameof(BrokenDataset));
        seen.Should().Equal([0, 1, 2, 3], "what came before is given");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void An_exception_of_collate_arrives_with_all_indices_of_the_batch(int workers)
    {
        using BatchLoader loader = new(new NumberDataset(10), new() { BatchSize = 9, NumWorkers = workers, Collate = _ => throw new NotSupportedException("no") });
        Action act = () => Read(loader);

        SampleException exception = act.Should().Throw<SampleException>()
            .WithMessage("The samples 0, 1, 2, 3, 4, 5, 6, 7, … of NumberDataset could not be put into a batch: no").Which;
        exception.Indices.Should().Equal(Enumerable.Range(0, 9));
        exception.InnerException.Should().BeOfType<NotSupportedException>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ending_in_the_middle_leaves_no_thread_and_no_tensor(bool disposesLoader)
    {
        long before = LiveTensors.Settled();
        ThreadsDataset dataset = new();
        BatchLoader loader = new(dataset, new() { BatchSize = 2, NumWorkers = 3 });
        IEnumerator<DataBatch> pass = loader.GetEnumerator();
        pass.MoveNext().Should().BeTrue();
        pass.Current.Dispose();

        (disposesLoader ? (IDisposable)loader : pass).Dispose();

        dataset.Alive().Should().BeEmpty();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void A_hundred_passes_ended_anywhere_leave_nothing()
    {
        long before = LiveTensors.Settled();
        ThreadsDataset dataset = new();
        using BatchLoader loader = new(dataset, new() { BatchSize = 3, NumWorkers = 3 });
        for (int i = 0; i < 100; i++)
        {
            foreach (DataBatch batch in loader.Take(i % 16))
            {
                batch.Dispose();
            }
        }

        dataset.Alive().Should().BeEmpty();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void A_whole_pass_and_one_that_fails_leave_nothing_either()
    {
        long before = LiveTensors.Settled();
        ThreadsDataset dataset = new();
        BatchLoader broken = new(new BrokenDataset(), new() { BatchSize = 2, NumWorkers = 2 });
        Action act = () => Read(broken);

        Read(new BatchLoader(dataset, new() { NumWorkers = 2 }));
        act.Should().Throw<SampleException>();

        dataset.Alive().Should().BeEmpty();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void A_disposed_loader_gives_nothing()
    {
        BatchLoader loader = new(new NumberDataset(4), new() { NumWorkers = 1 });
        IEnumerator<DataBatch> pass = loader.GetEnumerator();
        pass.MoveNext();
        pass.Current.Dispose();
        loader.Dispose();
        Action goOn = () => pass.MoveNext();
        Action anew = () => Read(loader);

        goOn.Should().Throw<ObjectDisposedException>();
        anew.Should().Throw<ObjectDisposedException>();
        loader.Dispose();
        pass.Dispose();
    }

    [Fact]
    public void Random_numbers_of_a_dataset_do_not_depend_on_the_number_of_workers()
    {
        float[][][] read = [.. new[] { 0, 1, 3 }.Select(workers =>
        {
            TorchSeed.Set(4);
            return Read(new BatchLoader(new NoiseDataset(), new() { BatchSize = 2, NumWorkers = workers }));
        })];
        TorchSeed.Set(5);
        float[][] otherSeed = Read(new BatchLoader(new NoiseDataset(), new() { BatchSize = 2 }));

        read[1].Should().BeEquivalentTo(read[0], compare => compare.WithStrictOrdering());
        read[2].Should().BeEquivalentTo(read[0], compare => compare.WithStrictOrdering());
        otherSeed[0].Should().NotEqual(read[0][0]);
        read[0].SelectMany(batch => batch).Should().OnlyHaveUniqueItems("each batch and each sample has its own numbers");
    }

    [Fact]
    public void Each_pass_has_its_own_random_numbers()
    {
        using BatchLoader loader = new(new NoiseDataset(), new() { BatchSize = 8 });

        Read(loader)[0].Should().NotEqual(Read(loader)[0]);
    }

    [Fact]
    public void A_worker_knows_who_it_is()
    {
        TorchSeed.Set(0);
        WorkersDataset dataset = new();
        Read(new BatchLoader(dataset, new() { NumWorkers = 2 }));
        (int Id, int NumWorkers, long Seed)[] workers = [.. dataset.Seen.Distinct().OrderBy(worker => worker.Id)];

        workers.Select(worker => worker.Id).Should().BeSubsetOf([0, 1]);
        workers.Should().OnlyContain(worker => worker.NumWorkers == 2 && worker.Seed - worker.Id == workers[0].Seed - workers[0].Id);
        WorkerInfo.Current.Should().BeNull();
    }

    [Theory]
    [InlineData(-1, 2, "NumWorkers is -1; it must be at least 0. Use 0 to read on the training thread.*")]
    [InlineData(1, 0, "PrefetchFactor is 0; it must be at least 1. Use 2, the default.*")]
    public void Settings_out_of_range_are_refused(int workers, int prefetch, string message)
    {
        Action act = () => new BatchLoader(new NumberDataset(4), new() { NumWorkers = workers, PrefetchFactor = prefetch });

        act.Should().Throw<ArgumentException>().WithParameterName("options").WithMessage(message);
    }

    private static float[][] Read(BatchLoader loader) => [.. loader.Select(batch =>
    {
        using (batch)
        {
            return ((PairBatch)batch).Label.data<float>().ToArray();
        }
    })];

    private static PairBatch Pair(float label) => new(zeros(1), tensor(label));

    /// <summary>The samples of <see cref="NumberDataset"/>, some of which take longer.</summary>
    private sealed class UnevenDataset(int count) : Dataset
    {
        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                Thread.SpinWait(index % 3 == 0 ? 300_000 : 10);
                return new PairBatch(tensor((float)index), tensor(10f * index));
            }
        }
    }

    private sealed class ThreadsDataset : Dataset
    {
        private readonly ConcurrentDictionary<Thread, int> readers = [];

        public ConcurrentBag<int> Threads { get; } = [];

        public ConcurrentBag<int> OperationThreads { get; } = [];

        public override int Count => 40;

        public override DataBatch this[int index]
        {
            get
            {
                Threads.Add(Environment.CurrentManagedThreadId);
                OperationThreads.Add(get_num_threads());
                readers[Thread.CurrentThread] = index;
                return Pair(index);
            }
        }

        public IEnumerable<Thread> Alive() => readers.Keys.Where(thread => thread.IsAlive && thread != Thread.CurrentThread);
    }

    private sealed class CountingDataset(int count, CountdownEvent read) : Dataset
    {
        private int asked;

        public int Asked => asked;

        public override int Count => count;

        public override DataBatch this[int index]
        {
            get
            {
                Interlocked.Increment(ref asked);
                PairBatch pair = Pair(index);
                read.Signal();
                return pair;
            }
        }
    }

    private sealed class BrokenDataset : Dataset
    {
        public override int Count => 8;

        public override DataBatch this[int index] => index == 5 ? throw new FileNotFoundException("there is no file 5") : Pair(index);
    }

    private sealed class NoiseDataset : Dataset
    {
        public override int Count => 8;

        public override DataBatch this[int index] => new PairBatch(zeros(1), rand([], generator: WorkerInfo.Current!.Generator));
    }

    private sealed class WorkersDataset : Dataset
    {
        public ConcurrentBag<(int Id, int NumWorkers, long Seed)> Seen { get; } = [];

        public override int Count => 20;

        public override DataBatch this[int index]
        {
            get
            {
                WorkerInfo worker = WorkerInfo.Current!;
                Seen.Add((worker.Id, worker.NumWorkers, worker.Seed));
                return Pair(index);
            }
        }
    }
}
