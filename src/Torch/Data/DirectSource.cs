namespace Compat.Torch.Data;

/// <summary>Reads a batch when it is taken, on the thread that takes it.</summary>
internal sealed class DirectSource(BatchFetcher fetcher, long baseSeed) : IBatchSource
{
    private readonly StopFlag stopped = new();
    private readonly Queue<IndexBatch> asked = [];
    private readonly WorkerInfo worker = new(0, 0, baseSeed);

    public int Ahead => 0;

    public void Ask(IndexBatch indices) => asked.Enqueue(indices);

    public DataBatch Take() => fetcher.Fetch(asked.Dequeue(), worker, stopped);

    /// <summary>Lets the thread that takes batches stop before the next sample. What it uses is freed by itself.</summary>
    public void Stop() => stopped.Set();

    public void Dispose() => worker.Dispose();
}
