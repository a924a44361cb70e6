namespace Compat.Torch.Data;

/// <summary>The indices of one batch.</summary>
/// <param name="Number">The position of the batch in its pass, from 0.</param>
/// <param name="Indices">The indices.</param>
/// <param name="After">Where the sampler stood when it had given them.</param>
internal sealed record IndexBatch(long Number, IReadOnlyList<int> Indices, SamplerState After);
