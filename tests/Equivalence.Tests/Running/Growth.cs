using Compat.TestSupport;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Running;

/// <summary>By how much a training grows from an early iteration to a late one.</summary>
/// <param name="Tensors">Tensors that live.</param>
/// <param name="Bytes">Managed memory.</param>
internal readonly record struct Growth(long Tensors, long Bytes)
{
    /// <summary>Gets what the log may keep of each iteration: the history of a handful of values, and its lines.</summary>
    public const long BytesPerIteration = 400;

    /// <summary>Measures. Both iterations must be alike: at the same place in an epoch, after a log line, and in a window of accumulation.</summary>
    public static Growth Between(int early, int late, IEnumerable<int> iterations)
    {
        (long Tensors, long Bytes) before = default;
        foreach (int iteration in iterations)
        {
            if (iteration == early)
            {
                before = (LiveTensors.Settled(), GC.GetTotalMemory(forceFullCollection: true));
            }
            else if (iteration == late)
            {
                return new(Tensor.TotalCount - before.Tensors, GC.GetTotalMemory(forceFullCollection: true) - before.Bytes);
            }
        }

        throw new InvalidOperationException($"The training ended before iteration {late}.");
    }
}
