using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>A batch of the golden runs: what goes in, and what shall come out.</summary>
internal sealed record GoldenBatch(Tensor X, Tensor Y) : DataBatch;
