using static TorchSharp.torch;

namespace Compat.TestSupport;

/// <summary>Counts tensors that live in this process.</summary>
public static class LiveTensors
{
    /// <summary>
    /// Counts after everything that earlier code left to the finalizer has ended, so that it does not end in the middle of a count. It is for the first reading alone: the
    /// second one must see what was left behind.
    /// </summary>
    public static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
