using Compat.Torch.Distributed;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks;

/// <summary>Collectives of a user's that no launcher has given.</summary>
internal sealed class OtherCollectives : ICollectives
{
    public ProcessRank Rank => default;

    public void AllReduce(Tensor tensor, ReduceOperation operation = ReduceOperation.Sum)
    {
    }

    public void Broadcast(Tensor tensor, int source = 0)
    {
    }

    public IReadOnlyList<Tensor> AllGather(Tensor tensor) => [tensor];

    public IReadOnlyList<byte[]> AllGather(byte[] bytes) => [bytes];

    public byte[] Broadcast(byte[] bytes, int source = 0) => bytes;

    public void Barrier()
    {
    }

    public bool HaveAllFailed(TimeSpan patience) => true;

    public void Abort(string reason)
    {
    }
}
