using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Seed.Page;

internal sealed record ToyPrediction(Tensor Feat) : DataBatch;
