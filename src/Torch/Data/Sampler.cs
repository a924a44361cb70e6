using System.Collections;

namespace Compat.Torch.Data;

/// <summary>Says in which order the samples of a dataset are visited.</summary>
public abstract class Sampler : IEnumerable<int>
{
    /// <summary>Gets how many indices one pass gives.</summary>
    public abstract int Count { get; }

    /// <summary>Tells the sampler which epoch comes next, so that it can give another order. Does nothing unless overridden.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    public virtual void SetEpoch(int epoch)
    {
    }

    /// <inheritdoc/>
    public abstract IEnumerator<int> GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
