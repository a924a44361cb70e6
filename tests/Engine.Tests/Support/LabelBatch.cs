using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Support;

internal sealed record LabelBatch(Tensor Label) : DataBatch;
