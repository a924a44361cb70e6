using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>What a dataset may know of the thread that reads it: which one it is, and where to take random numbers from.</summary>
/// <remarks>
/// A dataset that draws random numbers takes them from <see cref="Generator"/>: torch's own generator is shared by all threads, so what a worker took from
/// it would depend on who comes first. Source: PyTorch <c>torch.utils.data.get_worker_info</c>.
/// </remarks>
/// <example><code>Tensor noise = torch.randn([1, 8, 8], generator: WorkerInfo.Current?.Generator);</code></example>
public sealed class WorkerInfo : IDisposable
{
    [ThreadStatic]
    private static WorkerInfo? current;

    private readonly long baseSeed;
    private Generator? generator;
    private long batch;
    private bool isSeeded;

    internal WorkerInfo(int id, int numWorkers, long baseSeed)
    {
        Id = id;
        NumWorkers = numWorkers;
        this.baseSeed = baseSeed;
    }

    /// <summary>Gets what is known of this thread.</summary>
    /// <value><see langword="null"/> unless a <see cref="BatchLoader"/> is reading samples on it.</value>
    public static WorkerInfo? Current => current;

    /// <summary>Gets the number of the worker, from 0.</summary>
    public int Id { get; }

    /// <summary>Gets how many workers there are.</summary>
    /// <value>0 if the training thread reads by itself.</value>
    public int NumWorkers { get; }

    /// <summary>Gets the seed of this worker, for other random generators than torch's.</summary>
    /// <value>A number that the pass draws from torch's generator, plus <see cref="Id"/>, as in PyTorch.</value>
    public long Seed => unchecked(baseSeed + Id);

    /// <summary>Gets a generator of random numbers. Borrowed.</summary>
    /// <remarks>
    /// It begins anew with every batch, with a seed of the pass and the batch. So the numbers depend neither on how many workers there are nor on whether
    /// training was interrupted.
    /// </remarks>
    public Generator Generator
    {
        get
        {
            generator ??= new Generator();
            if (!isSeeded)
            {
                generator.manual_seed(unchecked(baseSeed + batch));
                isSeeded = true;
            }

            return generator;
        }
    }

    /// <summary>Frees the generator. The loader does this; the next use makes another one.</summary>
    public void Dispose()
    {
        generator?.Dispose();
        generator = null;
        isSeeded = false;
    }

    /// <summary>Makes this the worker of the calling thread for the time of one batch.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="number">The position of the batch in its pass.</param>
    /// <param name="read">Reads the batch.</param>
    internal T ForBatch<T>(long number, Func<T> read)
    {
        WorkerInfo? outer = current;
        current = this;
        batch = number;
        isSeeded = false;
        try
        {
            return read();
        }
        finally
        {
            current = outer;
        }
    }
}
