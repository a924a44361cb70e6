using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Support;

internal sealed record PointBatch(Tensor X, Tensor Y) : DataBatch;
