namespace Compat.Torch.Data;

/// <summary>One batch on its way from a worker to the training thread. Either takes it, or nobody does and it is freed.</summary>
[HoldsTensors("owner: the worker that read the batch, until the training thread takes it")]
internal sealed class FetchJob(IndexBatch indices)
{
    private readonly TaskCompletionSource done = new();
    private DataBatch? batch;

    /// <summary>Gets whether the batch was taken or freed, or could not be read.</summary>
    public bool IsOver => done.Task.IsCompleted && batch is null;

    /// <summary>Reads the batch; what goes wrong is kept for the thread that waits.</summary>
    public void Run(BatchFetcher fetcher, WorkerInfo worker, StopFlag stopped)
    {
        try
        {
            batch = fetcher.Fetch(indices, worker, stopped);
            done.SetResult();
        }
        catch (Exception exception)
        {
            done.SetException(exception);
            _ = done.Task.Exception;                                  // it may interest nobody
        }
    }

    /// <summary>Waits for the batch and takes it.</summary>
    /// <exception cref="ObjectDisposedException">The loader was disposed before the batch was taken.</exception>
    public DataBatch Wait()
    {
        done.Task.GetAwaiter().GetResult();
        return Interlocked.Exchange(ref batch, null) ?? throw new ObjectDisposedException(typeof(BatchLoader).FullName);
    }

    /// <summary>Frees the batch if it was read and not taken. A thread that waits for it learns that the loader was disposed.</summary>
    public void GiveUp()
    {
        done.TrySetResult();
        Interlocked.Exchange(ref batch, null)?.Dispose();
    }
}
