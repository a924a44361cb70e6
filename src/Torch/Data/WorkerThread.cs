using System.Collections.Concurrent;
using Compat.Torch.Native;

namespace Compat.Torch.Data;

/// <summary>A thread that reads batches for a pass until the pass is over, and frees those of its batches that nobody took.</summary>
/// <remarks>
/// It is a background thread: a program that ends does not wait for a pass that nobody ended. But libtorch must not be unloaded under a thread that is in it, which ends
/// the process with a crash; so at the end of the process all of them are stopped and waited for, <see cref="Patience"/> each at most.
/// </remarks>
internal sealed class WorkerThread
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly ConcurrentDictionary<WorkerThread, WorkQueue> Running = [];

    private readonly Thread thread;

    static WorkerThread() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => EndAll();

    private WorkerThread(WorkQueue queue, BatchFetcher fetcher, WorkerInfo worker) => thread = new Thread(() => Work(this, queue, fetcher, worker))
    {
        IsBackground = true,
        Name = $"BatchLoader {worker.Id}",
    };

    /// <summary>Starts a thread.</summary>
    public static WorkerThread Start(WorkQueue queue, BatchFetcher fetcher, WorkerInfo worker)
    {
        WorkerThread started = new(queue, fetcher, worker);
        Running[started] = queue;
        started.thread.Start();
        return started;
    }

    /// <summary>Waits until the thread has ended; the thread itself does not wait, if its dataset disposes the loader.</summary>
    public void Join()
    {
        if (thread != Thread.CurrentThread)
        {
            thread.Join();
        }
    }

    private static void Work(WorkerThread self, WorkQueue queue, BatchFetcher fetcher, WorkerInfo worker)
    {
        List<FetchJob> read = [];
        try
        {
            using (worker)
            {
                OpenMp.UseOneThread();
                while (queue.Take() is { } job)
                {
                    read.RemoveAll(static one => one.IsOver);
                    read.Add(job);
                    job.Run(fetcher, worker, queue.Stopped);
                }
            }
        }
        finally
        {
            read.ForEach(static job => job.GiveUp());
            Running.TryRemove(self, out _);
        }
    }

    private static void EndAll()
    {
        foreach (WorkQueue queue in Running.Values)
        {
            queue.Stop();
        }

        foreach (WorkerThread worker in Running.Keys.Where(static worker => worker.thread != Thread.CurrentThread))
        {
            worker.thread.Join(Patience);
        }
    }
}
