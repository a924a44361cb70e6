using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Compat.Torch.Data;

/// <summary>What a pass and its worker threads share: the batches that are asked for, and whether anybody still wants them.</summary>
/// <remarks>The threads know nothing else of the pass, so that one which is abandoned can be collected.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing, and threads of an abandoned pass still use it.")]
internal sealed class WorkQueue
{
    private readonly ConcurrentQueue<FetchJob> asked = [];
    private readonly SemaphoreSlim count = new(0);                    // it spins before it waits: a worker is seldom ahead by much

    /// <summary>Gets whether nobody wants batches any more.</summary>
    public StopFlag Stopped { get; } = new();

    /// <summary>Asks for a batch. In a pass that was stopped it is given up at once.</summary>
    public void Add(FetchJob job)
    {
        asked.Enqueue(job);
        count.Release();
        GiveUpIfStopped();                                            // whoever stopped the pass meanwhile may not have seen it
    }

    /// <summary>Waits for the next batch to read.</summary>
    /// <returns>The batch; <see langword="null"/> once the pass was stopped. What was asked for until then is given up.</returns>
    public FetchJob? Take()
    {
        while (true)
        {
            count.Wait();
            if (GiveUpIfStopped())
            {
                count.Release();                                      // for the next thread that waits
                return null;
            }

            if (asked.TryDequeue(out FetchJob? job))
            {
                return job;
            }
        }
    }

    /// <summary>Says that nobody wants batches any more. It waits for nobody.</summary>
    public void Stop()
    {
        Stopped.Set();
        count.Release();
    }

    private bool GiveUpIfStopped()
    {
        while (Stopped.IsSet && asked.TryDequeue(out FetchJob? job))
        {
            job.GiveUp();
        }

        return Stopped.IsSet;
    }
}
