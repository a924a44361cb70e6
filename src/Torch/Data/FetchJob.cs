namespace Compat.Torch.Data;

/// <summary>One batch on its way from a worker to the training thread.</summary>
internal sealed class FetchJob(IndexBatch indices)
{
    private readonly TaskCompletionSource<DataBatch> result = new();

    /// <summary>Reads the batch; what goes wrong is kept for the thread that waits.</summary>
    public void Run(Func<IndexBatch, DataBatch> fetch)
    {
        try
        {
            result.SetResult(fetch(indices));
        }
        catch (Exception exception)
        {
            result.SetException(exception);
        }
    }

    /// <summary>Waits for the batch.</summary>
    public DataBatch Wait() => result.Task.GetAwaiter().GetResult();

    /// <summary>Frees the batch if it was read; an error in it interests nobody any more.</summary>
    public void Discard()
    {
        if (result.Task.IsCompletedSuccessfully)
        {
            result.Task.Result.Dispose();
        }

        _ = result.Task.Exception;
    }
}
