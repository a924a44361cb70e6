using Compat.Engine.Logging;
using Compat.Torch.Data;
using Microsoft.Extensions.Logging;

namespace Compat.Engine.Loops;

/// <summary>The batches of a loader without an end: a pass that is over is followed by another one.</summary>
/// <remarks>Source: MMEngine <c>_InfiniteDataloaderIterator</c>.</remarks>
/// <param name="loader">The loader. Borrowed.</param>
/// <param name="logger">Where the warning about each new pass goes.</param>
internal sealed class EndlessBatches(BatchLoader loader, ILogger logger) : IDisposable
{
    private IEnumerator<DataBatch>? running;

    /// <summary>Gets how many passes are over.</summary>
    public int Passes { get; private set; }

    /// <summary>Reads the next batch.</summary>
    /// <returns>The batch; the caller takes it over.</returns>
    public DataBatch Next()
    {
        running ??= loader.GetEnumerator();
        if (!running.MoveNext())
        {
            BeginAnew();
        }

        return running.Current;
    }

    /// <summary>Reads batches that were trained on already, and frees them.</summary>
    /// <param name="count">How many.</param>
    public void Skip(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Next().Dispose();
        }
    }

    /// <summary>Goes to where the loader was set.</summary>
    /// <param name="passes">How many passes are over there.</param>
    public void MoveTo(int passes)
    {
        Dispose();
        Passes = passes;
    }

    /// <summary>Ends the pass in progress. The next batch is the first of another one.</summary>
    public void Dispose()
    {
        running?.Dispose();
        running = null;
    }

    // As MMEngine, the sampler is told the number of the pass, whether or not a hook does so for epochs.
    private void BeginAnew()
    {
        EngineLog.Warning(
            logger,
            "Reach the end of the dataloader, it will be restarted and continue to iterate. It is recommended to use `mmengine.dataset.InfiniteSampler` to enable "
            + "the dataloader to iterate infinitely.");
        MoveTo(Passes + 1);
        loader.Sampler.SetEpoch(Passes);
        running = loader.GetEnumerator();
        if (!running.MoveNext())
        {
            throw new InvalidOperationException(
                $"The loader gave no batch in a whole pass, although its {loader.Sampler.GetType().Name} counts {loader.Sampler.Count} samples. Let the sampler give as "
                + "many indices as it counts.");
        }
    }
}
