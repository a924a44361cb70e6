using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>What processes that train together do together. Every process makes the same calls in the same order.</summary>
/// <remarks>
/// It is handed over, never process-wide. <see cref="SingleProcess"/> is the default, so that nobody needs a branch. Source: PyTorch
/// <c>torch.distributed</c>.
/// </remarks>
public interface ICollectives
{
    /// <summary>Gets how long a process that has failed waits for the others to fail too, before it ends them.</summary>
    /// <value>Five seconds: long enough for processes that do the same, short enough for who watches.</value>
    static TimeSpan Patience { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets which process this is, of how many.</summary>
    ProcessRank Rank { get; }

    /// <summary>Replaces a tensor by the sum, mean, largest or smallest of the tensors of all processes, element by element.</summary>
    /// <param name="tensor">The tensor, contiguous, of the same shape and type everywhere. Borrowed; changed in place.</param>
    /// <param name="operation">How the values become one. The default is <see cref="ReduceOperation.Sum"/>.</param>
    void AllReduce(Tensor tensor, ReduceOperation operation = ReduceOperation.Sum);

    /// <summary>Replaces a tensor by that of one process.</summary>
    /// <param name="tensor">The tensor, contiguous, of the same shape and type everywhere. Borrowed; changed in place.</param>
    /// <param name="source">The process whose tensor everybody gets. The default is 0.</param>
    void Broadcast(Tensor tensor, int source = 0);

    /// <summary>Collects the tensors of all processes.</summary>
    /// <param name="tensor">The tensor, contiguous, of the same shape and type everywhere. Borrowed.</param>
    /// <returns>The tensors in the order of the processes; fresh.</returns>
    IReadOnlyList<Tensor> AllGather(Tensor tensor);

    /// <summary>Collects blocks of bytes, which may have different lengths.</summary>
    /// <param name="bytes">This process's block.</param>
    /// <returns>The blocks in the order of the processes.</returns>
    IReadOnlyList<byte[]> AllGather(byte[] bytes);

    /// <summary>Gives everybody the block of bytes of one process.</summary>
    /// <param name="bytes">This process's block; ignored where it is not the source.</param>
    /// <param name="source">The process whose block everybody gets. The default is 0.</param>
    /// <returns>The block.</returns>
    byte[] Broadcast(byte[] bytes, int source = 0);

    /// <summary>Waits until all processes are here.</summary>
    void Barrier();

    /// <summary>Tells, after an error in this process, whether all others have called this too: then nobody waits for anybody.</summary>
    /// <param name="patience">How long to wait for the others.</param>
    /// <returns>Whether all of them came in time. If not, <see cref="Abort"/> ends those that wait for this one.</returns>
    bool HaveAllFailed(TimeSpan patience);

    /// <summary>Ends all processes, this one too. For who has failed alone: the others would wait for it for ever.</summary>
    /// <param name="reason">Why; it is written to the standard error.</param>
    void Abort(string reason);
}
