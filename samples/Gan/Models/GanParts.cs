using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Gan.Models;

/// <summary>What the old model and the ported one compute alike.</summary>
internal static class GanParts
{
    /// <summary>Gets how far scores are from calling all images real, or all of them made.</summary>
    public static Tensor Against(Tensor scores, bool real) =>
        binary_cross_entropy_with_logits(scores, real ? ones_like(scores) : zeros_like(scores));

    /// <summary>Draws noise for as many digits as there are real ones.</summary>
    public static Tensor Noise(Tensor real) => randn(real.shape[0], Generator.NoiseSize, device: real.device);
}
