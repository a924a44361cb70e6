using System.Diagnostics;
using System.Runtime.CompilerServices;
using Compat.TestSupport;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

/// <summary>Passes with workers that nobody ends: collected, left to the end of the process, or ended from elsewhere.</summary>
public sealed class AbandonedLoaderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Abandoned_passes_leave_no_thread_and_no_tensor_once_they_are_collected(bool loaderStays)
    {
        long before = LiveTensors.Settled();
        ThreadList threads = new();
        List<BatchLoader> kept = [];
        for (int i = 0; i < 20; i++)
        {
            Abandon(threads, loaderStays ? kept : null);
        }

        threads.All.Count.Should().BeGreaterThanOrEqualTo(20);
        Stopwatch waited = Stopwatch.StartNew();
        while (threads.All.Any(thread => thread.IsAlive) && waited.Elapsed < Patience)
        {
            LiveTensors.Settled();                                    // collects
        }

        threads.All.Should().OnlyContain(thread => !thread.IsAlive);
        LiveTensors.Settled().Should().Be(before);
        kept.Should().HaveCount(loaderStays ? 20 : 0);
    }

    [Fact]
    public void A_pass_that_is_held_keeps_its_threads()
    {
        ThreadList threads = new();
        using BatchLoader loader = new(new ThreadsDataset(threads), new() { NumWorkers = 2 });
        using IEnumerator<DataBatch> pass = loader.GetEnumerator();
        pass.MoveNext().Should().BeTrue();
        pass.Current.Dispose();

        LiveTensors.Settled();

        threads.All.Should().OnlyContain(thread => thread.IsAlive);
        pass.MoveNext().Should().BeTrue();
        pass.Current.Dispose();
    }

    [Fact]
    public async Task A_process_that_abandons_loaders_ends_well_every_time()
    {
        using MachineLock machine = await MachineLock.TakeAsync();
        List<int> codes = [];
        for (int i = 0; i < 20; i++)
        {
            using Process child = Process.Start(new ProcessStartInfo("dotnet", [Program]) { RedirectStandardError = true })!;
            using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
            string errors = await child.StandardError.ReadToEndAsync(limit.Token);
            await child.WaitForExitAsync(limit.Token);
            errors.Should().BeEmpty();
            codes.Add(child.ExitCode);
        }

        codes.Should().HaveCount(20).And.OnlyContain(code => code == 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_loader_that_another_thread_disposes_ends_the_pass_with_one_exception_whatever_the_workers(int workers)
    {
        long before = LiveTensors.Settled();
        using ManualResetEventSlim reading = new();
        using ManualResetEventSlim disposing = new();
        BatchLoader loader = new(new GateDataset(reading, disposing), new() { BatchSize = 3, NumWorkers = workers });
        Thread other = new(() =>
        {
            reading.Wait();
            using Timer opened = new(_ => disposing.Set(), null, TimeSpan.FromMilliseconds(50), Timeout.InfiniteTimeSpan);
            loader.Dispose();
            disposing.Set();
        });
        other.Start();
        Action read = () =>
        {
            foreach (DataBatch batch in loader)
            {
                batch.Dispose();
            }
        };

        read.Should().Throw<ObjectDisposedException>().Which.ObjectName.Should().Be("Compat.Torch.Data.BatchLoader");

        other.Join();
        read.Should().Throw<ObjectDisposedException>().Which.ObjectName.Should().Be("Compat.Torch.Data.BatchLoader");
        LiveTensors.Settled().Should().Be(before);
    }

    private static string Program => Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "Abandoned.Loaders", "bin", Configuration, "net10.0", "Compat.Abandoned.Loaders.dll");

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(ThreadList threads, List<BatchLoader>? kept)
    {
        BatchLoader loader = new(new ThreadsDataset(threads), new() { NumWorkers = 4 });
        kept?.Add(loader);
        IEnumerator<DataBatch> pass = loader.GetEnumerator();
        pass.MoveNext().Should().BeTrue();
        pass.Current.Dispose();
    }

    /// <summary>The threads that read; apart from the dataset, so that nothing of the pass is held.</summary>
    private sealed class ThreadList
    {
        private readonly HashSet<Thread> all = [];

        public IReadOnlyList<Thread> All
        {
            get
            {
                lock (all)
                {
                    return [.. all];
                }
            }
        }

        public void Add(Thread thread)
        {
            lock (all)
            {
                all.Add(thread);
            }
        }
    }

    private sealed class ThreadsDataset(ThreadList threads) : Dataset
    {
        public override int Count => 1000;

        public override DataBatch this[int index]
        {
            get
            {
                threads.Add(Thread.CurrentThread);
                return new PairBatch(zeros(1), tensor((float)index));
            }
        }
    }

    /// <summary>Waits in the second batch until the loader is being disposed.</summary>
    private sealed class GateDataset(ManualResetEventSlim reading, ManualResetEventSlim disposing) : Dataset
    {
        public override int Count => 30;

        public override DataBatch this[int index]
        {
            get
            {
                if (index == 3)
                {
                    reading.Set();
                    disposing.Wait();
                }

                return new PairBatch(zeros(1), tensor((float)index));
            }
        }
    }
}
