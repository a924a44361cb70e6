using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

internal sealed record BenchmarkBatch(Tensor Input, Tensor Target) : DataBatch;
