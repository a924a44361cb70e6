using System.Collections;

namespace Compat.Torch.Data;

/// <summary>Says in which order the samples of a dataset are visited.</summary>
public abstract class Sampler : IEnumerable<int>
{
    private int given;
    private int givenBefore;

    /// <summary>Gets how many indices one pass gives.</summary>
    public abstract int Count { get; }

    /// <summary>Tells the sampler which epoch comes next, so that it can give another order. Does nothing unless overridden.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    public virtual void SetEpoch(int epoch)
    {
    }

    /// <summary>Gets where the pass in progress stands, or, between passes, what the next one begins with.</summary>
    /// <returns>The state; a few numbers.</returns>
    public virtual SamplerState SaveState() => new(given);

    /// <summary>Lets the next pass go on where another one stood.</summary>
    /// <param name="state">The state of a sampler of this type over the same data.</param>
    /// <exception cref="ArgumentException">The state is not that of such a sampler; this one is as it was.</exception>
    public virtual void LoadState(SamplerState state)
    {
        if (state.Epoch < 0)
        {
            throw new ArgumentException($"The state is of epoch {state.Epoch}; it must be at least 0. Load a state that a sampler gave.", nameof(state));
        }

        if (state.Position < 0 || state.Position > Count)
        {
            throw new ArgumentException(
                $"The state stands at sample {state.Position} of a pass that has {Count}. Load the state of a sampler over the same data, or begin the pass "
                + "anew.",
                nameof(state));
        }

        givenBefore = state.Position;
    }

    /// <summary>Begins a pass.</summary>
    /// <returns>The indices.</returns>
    public IEnumerator<int> GetEnumerator()
    {
        given = givenBefore;
        givenBefore = 0;
        try
        {
            foreach (int index in Order().Skip(given))
            {
                given++;
                yield return index;
            }
        }
        finally
        {
            given = 0;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Gives the order of one pass, from its beginning.</summary>
    /// <returns>The indices.</returns>
    protected abstract IEnumerable<int> Order();
}
