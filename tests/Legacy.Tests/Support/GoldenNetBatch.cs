using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

public sealed record GoldenNetBatch(Tensor X, Tensor Y) : DataBatch;
