namespace Compat.Torch.Data;

/// <summary>Threads that read batches ahead of the training thread, which takes them in the order in which it asked.</summary>
internal sealed class BatchWorkers : IBatchSource
{
    private readonly WorkQueue asked = new();
    private readonly Queue<FetchJob> pending = [];
    private readonly WorkerThread[] threads;

    public BatchWorkers(BatchFetcher fetcher, long baseSeed, int numWorkers, int prefetchFactor)
    {
        Ahead = numWorkers * prefetchFactor;
        threads = [.. Enumerable.Range(0, numWorkers).Select(id => WorkerThread.Start(asked, fetcher, new WorkerInfo(id, numWorkers, baseSeed)))];
    }

    // Of a pass that nobody ended. Here nobody may wait and no tensor be freed: the threads do that themselves.
    ~BatchWorkers() => asked.Stop();

    public int Ahead { get; }

    public void Ask(IndexBatch indices)
    {
        FetchJob job = new(indices);
        pending.Enqueue(job);
        asked.Add(job);
    }

    public DataBatch Take() => pending.Dequeue().Wait();

    /// <summary>Stops the threads and waits for them: for the samples that they are reading, and until they have freed what nobody took. Any thread may call it.</summary>
    public void Stop()
    {
        asked.Stop();
        Array.ForEach(threads, static thread => thread.Join());
    }

    public void Dispose()
    {
        Stop();
        GC.SuppressFinalize(this);
    }
}
