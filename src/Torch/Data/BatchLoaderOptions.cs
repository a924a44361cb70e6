namespace Compat.Torch.Data;

/// <summary>Settings of <see cref="BatchLoader"/>.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Gets how many samples make a batch.</summary>
    /// <value>At least 1. The default is 1.</value>
    public int BatchSize { get; init; } = 1;

    /// <summary>Gets the order of the samples.</summary>
    /// <value>The default is <see langword="null"/>: in order, without shuffling.</value>
    public Sampler? Sampler { get; init; }

    /// <summary>Gets whether a last batch that is not full is left out.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool DropLast { get; init; }

    /// <summary>Gets how samples become a batch.</summary>
    /// <value>The default is <see cref="DefaultCollate"/>: tensors are stacked.</value>
    public Collate Collate { get; init; } = DefaultCollate.Stack;
}
