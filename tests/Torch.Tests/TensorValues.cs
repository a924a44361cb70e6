using static TorchSharp.torch;

namespace Compat.Torch.Tests;

internal static class TensorValues
{
    public static float[] ToArray(this Tensor tensor) => tensor.detach().cpu().data<float>().ToArray();
}
