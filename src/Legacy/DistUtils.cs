using Compat.Torch.Distributed;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Legacy;

/// <summary>What MMCV's programs ask of the processes that train together.</summary>
/// <remarks>Nothing here is process-wide: the collectives are those of <see cref="Dist.Init"/> or of the runner. Source: MMCV <c>runner/dist_utils.py</c>.</remarks>
public static class DistUtils
{
    /// <summary>Gets which process this is, of how many: <c>(int rank, int worldSize) = collectives.GetDistInfo()</c>.</summary>
    /// <param name="collectives">The processes.</param>
    /// <returns>Rank and number of processes.</returns>
    public static (int Rank, int WorldSize) GetDistInfo(this ICollectives collectives)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        return (collectives.Rank.Rank, collectives.Rank.WorldSize);
    }

    /// <summary>Does something on process 0 only, as what MMCV decorates with <c>master_only</c>.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="action">What to do. It must not use the collectives: nobody else would answer.</param>
    public static void MasterOnly(this ICollectives collectives, Action action)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        ArgumentNullException.ThrowIfNull(action);
        if (collectives.Rank.Rank == 0)
        {
            action();
        }
    }

    /// <summary>Averages the gradients that there are over the processes, for a hook of one's own that trains without <see cref="MMDistributedDataParallel"/>.</summary>
    /// <param name="collectives">The processes. All have gradients of the same parameters.</param>
    /// <param name="parameters">The parameters, in the same order everywhere. Borrowed.</param>
    public static void AllReduceGrads(this ICollectives collectives, IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        ArgumentNullException.ThrowIfNull(parameters);
        TensorBuckets.Average([.. parameters.Where(parameter => parameter.requires_grad).Select(parameter => parameter.grad).OfType<Tensor>()], collectives);
    }

    /// <summary>Averages parameters or buffers over the processes.</summary>
    /// <param name="collectives">The processes.</param>
    /// <param name="tensors">The tensors, of floating point numbers, in the same order everywhere. Borrowed; changed in place.</param>
    public static void AllReduceParams(this ICollectives collectives, IEnumerable<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        ArgumentNullException.ThrowIfNull(tensors);
        TensorBuckets.Average([.. tensors], collectives);
    }
}
