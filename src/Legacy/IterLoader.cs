using Compat.Torch.Data;

namespace Compat.Legacy;

/// <summary>Gives the batches of a loader again and again, and tells its sampler the number of each new pass.</summary>
/// <remarks>The first pass begins when this is made, and has the order that the sampler has by itself. Source: MMCV <c>IterLoader</c>.</remarks>
public sealed class IterLoader : IDisposable
{
    private IEnumerator<DataBatch> pass;

    /// <summary>Begins the first pass.</summary>
    /// <param name="loader">The loader. Borrowed.</param>
    public IterLoader(BatchLoader loader)
    {
        ArgumentNullException.ThrowIfNull(loader);
        Loader = loader;
        pass = loader.GetEnumerator();
    }

    /// <summary>Gets the loader. Borrowed.</summary>
    public BatchLoader Loader { get; }

    /// <summary>Gets the number of the present pass, from 0. It changes when the first batch of a pass is asked for.</summary>
    public int Epoch { get; private set; }

    /// <summary>Gets how many batches one pass gives.</summary>
    public int Length => Loader.Length;

    /// <summary>Gives the next batch; after the last one of a pass, the first one of the next pass.</summary>
    /// <returns>The batch, without a dispose scope: whoever asked for it owns it.</returns>
    /// <exception cref="InvalidOperationException">A whole pass gave no batch.</exception>
    public DataBatch Next()
    {
        if (!pass.MoveNext())
        {
            pass.Dispose();
            Loader.Sampler.SetEpoch(++Epoch);
            pass = Loader.GetEnumerator();
            if (!pass.MoveNext())
            {
                throw new InvalidOperationException(
                    $"Pass {Epoch} over {Loader.Dataset.GetType().Name} gave no batch: {Loader.Sampler.GetType().Name} gave too few samples for one. Let the "
                    + "sampler give at least a batch in every pass.");
            }
        }

        return pass.Current;
    }

    /// <summary>Ends the present pass, and the workers that read ahead for it.</summary>
    public void Dispose() => pass.Dispose();
}
