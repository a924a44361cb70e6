using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>The collectives of a process that trains alone: everything stays as it is.</summary>
public sealed class SingleProcess : ICollectives
{
    private SingleProcess()
    {
    }

    /// <summary>Gets the only one there is; it keeps nothing.</summary>
    public static SingleProcess Instance { get; } = new();

    /// <inheritdoc/>
    public ProcessRank Rank => default;

    /// <inheritdoc/>
    public void AllReduce(Tensor tensor, ReduceOperation operation = ReduceOperation.Sum)
    {
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor tensor, int source = 0) => CheckSource(source);

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> AllGather(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return [tensor.clone()];
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> AllGather(byte[] bytes) => [bytes];

    /// <inheritdoc/>
    public byte[] Broadcast(byte[] bytes, int source = 0)
    {
        CheckSource(source);
        return bytes;
    }

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <inheritdoc/>
    /// <returns>Always <see langword="true"/>: nobody else waits.</returns>
    public bool HaveAllFailed(TimeSpan patience) => true;

    /// <summary>Does nothing: there are no other processes, and the error that is on its way ends this one.</summary>
    /// <inheritdoc/>
    public void Abort(string reason)
    {
    }

    private static void CheckSource(int source)
    {
        if (source != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(source), source, $"The source is process {source}, but there is only process 0.");
        }
    }
}
