using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

public sealed record ToyBatch(Tensor Img, Tensor Label) : DataBatch;
