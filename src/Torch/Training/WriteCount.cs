using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Training;

/// <summary>Tells whether tensors were written to in place, for example by the step of an optimizer, without looking at their values.</summary>
/// <remarks>
/// Autograd counts writes in order to find out whether a saved tensor still holds what backward needs. The counts are on the host: nothing waits for a GPU. Fused
/// kernels write without being counted (<see cref="Optim.FusedOptimizer.StepCount"/>).
/// </remarks>
public static class WriteCount
{
    /// <summary>Adds up the writes to some tensors so far. A sum that has grown says that one of them was written to.</summary>
    /// <param name="tensors">The tensors. Borrowed.</param>
    /// <returns>The sum.</returns>
    public static long Of(IEnumerable<Tensor> tensors)
    {
        Tensor[] all = [.. tensors];
        return all.Length == 0 ? 0 : TorchKernels.Versions(all);
    }
}
