using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Abandoned.Loaders;

internal sealed record BusyBatch(Tensor Values) : DataBatch;
