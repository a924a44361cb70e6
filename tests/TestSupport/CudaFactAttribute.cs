using Compat.Torch.Native;
using TorchSharp;

namespace Compat.TestSupport;

/// <summary>A test that needs a CUDA device; it is skipped with the reason where there is none (decision 24).</summary>
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute() => Skip = ReasonToSkip();

    internal static string? ReasonToSkip()
    {
        TorchEnvironment.EnsureLoaded();
        return torch.cuda.is_available() ? null : "There is no CUDA device. scripts/gpu-bundle and scripts/gpu-run take the tests to a machine that has one.";
    }
}
