using System.Collections.Concurrent;
using Compat.Torch.Native;

namespace Compat.Torch.Data;

/// <summary>Threads that read batches ahead of the training thread, which takes them in the order in which it asked.</summary>
internal sealed class BatchWorkers : IBatchSource
{
    private readonly BlockingCollection<FetchJob> asked = [];
    private readonly Queue<FetchJob> pending = [];
    private readonly CancellationTokenSource stop = new();
    private readonly Thread[] threads;
    private readonly BatchFetcher fetcher;

    public BatchWorkers(BatchFetcher fetcher, long baseSeed, int numWorkers, int prefetchFactor)
    {
        this.fetcher = fetcher;
        Ahead = numWorkers * prefetchFactor;
        threads = [.. Enumerable.Range(0, numWorkers).Select(id => new Thread(() => Work(new WorkerInfo(id, numWorkers, baseSeed)))
        {
            IsBackground = true,
            Name = $"BatchLoader {id}",
        })];
        Array.ForEach(threads, thread => thread.Start());
    }

    public int Ahead { get; }

    public void Ask(IndexBatch indices)
    {
        FetchJob job = new(indices);
        pending.Enqueue(job);
        asked.Add(job);
    }

    public DataBatch Take() => pending.Dequeue().Wait();

    /// <summary>Stops the threads, waiting for the samples that they are reading, and frees what nobody took.</summary>
    public void Dispose()
    {
        if (stop.IsCancellationRequested)
        {
            return;
        }

        stop.Cancel();
        asked.CompleteAdding();
        Array.ForEach(threads, thread => thread.Join());
        foreach (FetchJob job in pending)
        {
            job.Discard();
        }

        pending.Clear();
        asked.Dispose();
        stop.Dispose();
    }

    private void Work(WorkerInfo worker)
    {
        using (worker)
        {
            OpenMp.UseOneThread();
            foreach (FetchJob job in asked.GetConsumingEnumerable())
            {
                job.Run(indices => fetcher.Fetch(indices, worker, stop.Token));
            }
        }
    }
}
