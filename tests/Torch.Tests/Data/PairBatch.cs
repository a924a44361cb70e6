using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Data;

public sealed record PairBatch(Tensor Image, Tensor Label) : DataBatch;
