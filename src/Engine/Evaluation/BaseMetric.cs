using Compat.Torch.Data;

namespace Compat.Engine.Evaluation;

/// <summary>Measures predictions: takes them in batch by batch, then computes one or several numbers.</summary>
/// <remarks>Source: MMEngine <c>BaseMetric</c>.</remarks>
/// <param name="prefix">
/// What the names of the numbers start with, as <c>prefix/name</c>; <see langword="null"/>, the default, for nothing.
/// </param>
public abstract class BaseMetric(string? prefix = null) : IDisposable
{
    /// <summary>Takes in one batch.</summary>
    /// <param name="batch">The batch as it came from the loader. Borrowed.</param>
    /// <param name="predictions">What the model predicted for it. Borrowed; what is kept of it is a <see cref="Torch.StateTensor"/>.</param>
    public abstract void Process(DataBatch batch, DataBatch predictions);

    /// <summary>Computes the numbers from everything taken in, and forgets it.</summary>
    /// <param name="size">The number of samples in the dataset; results beyond it are padding.</param>
    /// <returns>The numbers by name, prefix included.</returns>
    public IReadOnlyDictionary<string, double> Evaluate(int size)
    {
        OrderedDictionary<string, double> named = [];
        foreach ((string name, double value) in ComputeMetrics(size))
        {
            named.Add(prefix is null ? name : $"{prefix}/{name}", value);
        }

        Reset();
        return named;
    }

    /// <summary>Forgets everything taken in.</summary>
    public abstract void Reset();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Computes the numbers from everything taken in.</summary>
    /// <param name="size">The number of samples in the dataset.</param>
    /// <returns>The numbers by name, without prefix.</returns>
    protected abstract IReadOnlyDictionary<string, double> ComputeMetrics(int size);

    /// <summary>Frees what was taken in.</summary>
    /// <param name="disposing">Whether <see cref="Dispose()"/> was called.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reset();
        }
    }
}
