using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Digits;

/// <summary>The score of each digit, shape N×10.</summary>
internal sealed record DigitsPrediction(Tensor Scores) : DataBatch;
