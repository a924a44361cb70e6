using Compat.Torch.Distributed;
using Compat.Torch.Native;
using Compat.Torch.Randomness;
using static TorchSharp.torch;

namespace Compat.Torch.Data;

/// <summary>Visits the samples again and again without an end, for loops that count iterations; of several processes each visits its share.</summary>
/// <remarks>
/// One generator serves for life: enumerating anew goes on where the last enumeration stopped, and <see cref="Sampler.SetEpoch"/> changes nothing. The count
/// is that of the dataset. The process of rank r of w visits places r, r + w, r + 2w, … of the endless order.
/// A loader with workers draws ahead: if its pass is ended early, what was drawn and not given is left out, as in PyTorch. Source: MMEngine
/// <c>InfiniteSampler</c>.
/// </remarks>
public sealed class InfiniteSampler : Sampler, IDisposable
{
    private readonly Generator generator = new();
    private readonly bool shuffle;
    private readonly int step;
    private byte[] beforeOrder = [];
    private int[]? order;
    private int next;

    /// <summary>Makes a sampler.</summary>
    /// <param name="dataset">The samples to visit, at least one.</param>
    /// <param name="shuffle">Whether each round has its own random order. The default is <see langword="true"/>.</param>
    /// <param name="seed">The seed of the orders; <see langword="null"/>, the default, draws one from torch's generator.</param>
    /// <param name="process">Which process this is. The default is the only one.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no sample.</exception>
    /// <exception cref="ArgumentException">There are several processes and no seed, so each would shuffle in its own way.</exception>
    public InfiniteSampler(Dataset dataset, bool shuffle = true, long? seed = null, ProcessRank process = default)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfLessThan(dataset.Count, 1, nameof(dataset));
        TorchEnvironment.EnsureLoaded();
        Count = dataset.Count;
        this.shuffle = shuffle;
        generator.manual_seed(seed ?? SamplerSeed.Draw(process, shuffle));
        next = process.Rank;
        step = process.WorldSize;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <summary>Gets where the endless order stands.</summary>
    /// <returns>The place in the present round, and the generator as it was before it drew that round.</returns>
    public override SamplerState SaveState() => new(next, Generator: order is null ? StateOfGenerator() : beforeOrder);

    /// <inheritdoc/>
    public override void LoadState(SamplerState state)
    {
        bool isGood = shuffle ? GeneratorState.IsOfCpu(state.Generator.Span) : state.Generator.IsEmpty;
        if (state.Position < 0 || state.Position >= Count + (long)step)
        {
            throw new ArgumentException(
                $"The state stands at place {state.Position} of a round of {Count} samples; it must be from 0 to {Count + step - 1}. Load the state of a sampler over the "
                + "same data, or begin anew.",
                nameof(state));
        }

        if (!isGood)
        {
            throw new ArgumentException(
                $"The state is not that of an InfiniteSampler that {(shuffle ? "shuffles" : "keeps the order")}. Load the state of a sampler that was made "
                + "in the same way.",
                nameof(state));
        }

        if (shuffle)
        {
            using Tensor bytes = tensor(state.Generator.ToArray(), ScalarType.Byte);
            generator.set_state(bytes);
        }

        order = null;
        next = state.Position;
    }

    /// <inheritdoc/>
    public void Dispose() => generator.Dispose();

    /// <inheritdoc/>
    protected override IEnumerable<int> Order()
    {
        while (true)
        {
            int[] round = RoundOfNext();
            int index = round[next];
            next += step;
            yield return index;
        }
    }

    private int[] RoundOfNext()
    {
        order ??= Draw();
        while (next >= Count)
        {
            next -= Count;
            order = Draw();
        }

        return order;
    }

    private int[] Draw()
    {
        beforeOrder = StateOfGenerator();
        return shuffle ? Permutation.Draw(Count, generator) : [.. Enumerable.Range(0, Count)];
    }

    private byte[] StateOfGenerator()
    {
        if (!shuffle)
        {
            return [];
        }

        using Tensor state = generator.get_state();
        return state.data<byte>().ToArray();
    }
}
