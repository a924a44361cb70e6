namespace Compat.Torch.Data;

/// <summary>What a pass and its worker threads share: the batches that are asked for, and whether anybody still wants them.</summary>
/// <remarks>The threads know nothing else of the pass, so that one which is abandoned can be collected.</remarks>
internal sealed class WorkQueue
{
    private readonly Queue<FetchJob> asked = [];
    private volatile bool isStopped;

    /// <summary>Gets whether nobody wants batches any more.</summary>
    public bool IsStopped => isStopped;

    /// <summary>Asks for a batch. In a pass that was stopped it is given up at once.</summary>
    public void Add(FetchJob job)
    {
        lock (asked)
        {
            if (!isStopped)
            {
                asked.Enqueue(job);
                Monitor.Pulse(asked);
                return;
            }
        }

        job.GiveUp();
    }

    /// <summary>Waits for the next batch to read.</summary>
    /// <returns>The batch; <see langword="null"/> once the pass was stopped. What was asked for until then is given up.</returns>
    public FetchJob? Take()
    {
        lock (asked)
        {
            while (asked.Count == 0 && !isStopped)
            {
                Monitor.Wait(asked);
            }

            if (!isStopped)
            {
                return asked.Dequeue();
            }

            while (asked.TryDequeue(out FetchJob? job))
            {
                job.GiveUp();
            }

            return null;
        }
    }

    /// <summary>Says that nobody wants batches any more. It waits for nobody.</summary>
    public void Stop()
    {
        lock (asked)
        {
            isStopped = true;
            Monitor.PulseAll(asked);
        }
    }
}
