namespace Compat.Torch.Data;

/// <summary>Settings of <see cref="BatchLoader"/>.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Gets how many samples make a batch.</summary>
    /// <value>At least 1. The default is 1.</value>
    public int BatchSize { get; init; } = 1;

    /// <summary>Gets whether each pass visits the samples in a new random order: PyTorch's <c>shuffle=True</c>, with the orders of PyTorch for equal seeds.</summary>
    /// <value>The default is <see langword="false"/>. Not together with <see cref="Sampler"/>.</value>
    public bool Shuffle { get; init; }

    /// <summary>Gets the order of the samples.</summary>
    /// <value>The default is <see langword="null"/>: a <see cref="RandomSampler"/> with <see cref="Shuffle"/>, else in order.</value>
    public Sampler? Sampler { get; init; }

    /// <summary>Gets whether a last batch that is not full is left out.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool DropLast { get; init; }

    /// <summary>Gets how samples become a batch.</summary>
    /// <value>The default is <see cref="DefaultCollate"/>: tensors are stacked.</value>
    public Collate Collate { get; init; } = DefaultCollate.Stack;

    /// <summary>Gets how many threads read samples while the training thread trains.</summary>
    /// <value>
    /// At least 0. The default is 0: the training thread reads by itself. With more, <see cref="Dataset"/> and collate must allow calls from several
    /// threads.
    /// </value>
    public int NumWorkers { get; init; }

    /// <summary>Gets how many batches each worker may be ahead.</summary>
    /// <value>At least 1. The default is 2, as in PyTorch. Without workers it means nothing.</value>
    public int PrefetchFactor { get; init; } = 2;

    /// <summary>Gets whether batches lie in memory from which a GPU can copy while it computes (<see cref="DataBatch.To"/> with <c>nonBlocking</c>).</summary>
    /// <value>The default is <see langword="false"/>. Without CUDA it means nothing, as in PyTorch.</value>
    public bool PinMemory { get; init; }

    /// <summary>Finds what is wrong.</summary>
    /// <returns>What and what to do; <see langword="null"/> if nothing is.</returns>
    internal string? Wrong() =>
        Shuffle && Sampler is not null ? $"Shuffle is true and Sampler is a {Sampler.GetType().Name}; only one of them can be set. Leave one of them out."
        : NumWorkers < 0 ? $"NumWorkers is {NumWorkers}; it must be at least 0. Use 0 to read on the training thread."
        : PrefetchFactor < 1 ? $"PrefetchFactor is {PrefetchFactor}; it must be at least 1. Use 2, the default."
        : null;
}
