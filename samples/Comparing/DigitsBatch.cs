using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Comparing;

/// <summary>Images of shape N×1×8×8 with values from 0 to 1, and their digits of shape N.</summary>
internal sealed record DigitsBatch(Tensor Image, Tensor Label) : DataBatch;
