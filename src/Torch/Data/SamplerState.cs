namespace Compat.Torch.Data;

/// <summary>Where a sampler stands: enough to go on with the next index, without going through the earlier ones.</summary>
/// <param name="Position">How many indices of the pass in progress were given; 0 between passes.</param>
/// <param name="Epoch">The epoch that the order is of.</param>
/// <param name="Seed">The seed that the order was drawn with; <see langword="null"/> if there is none.</param>
/// <param name="Generator">The state of the generator before it drew the order; empty if there is none.</param>
public readonly record struct SamplerState(int Position, int Epoch = 0, long? Seed = null, ReadOnlyMemory<byte> Generator = default);
