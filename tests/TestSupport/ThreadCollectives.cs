using Compat.Torch.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.TestSupport;

/// <summary>Processes that train together, played by threads of this process.</summary>
public sealed class ThreadCollectives : ICollectives
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Barrier barrier;
    private readonly byte[][] blocks;

    private ThreadCollectives(ProcessRank rank, Barrier barrier, byte[][] blocks)
    {
        Rank = rank;
        this.barrier = barrier;
        this.blocks = blocks;
    }

    public ProcessRank Rank { get; }

    /// <summary>Runs a program once per process, all at the same time.</summary>
    /// <param name="worldSize">How many processes there are.</param>
    /// <param name="program">The program.</param>
    /// <returns>What each process returned.</returns>
    public static T[] Run<T>(int worldSize, Func<ICollectives, T> program)
    {
        using Barrier barrier = new(worldSize);
        byte[][] blocks = new byte[worldSize][];
        T[] results = new T[worldSize];
        Exception?[] errors = new Exception?[worldSize];
        Thread[] threads = [.. Enumerable.Range(0, worldSize).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = program(new ThreadCollectives(new ProcessRank(rank, worldSize), barrier, blocks));
            }
            catch (Exception exception)
            {
                errors[rank] = exception;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return errors.All(error => error is null) ? results : throw new AggregateException(errors.OfType<Exception>());
    }

    public IReadOnlyList<byte[]> AllGather(byte[] bytes)
    {
        blocks[Rank.Rank] = bytes;
        Barrier();
        byte[][] all = [.. blocks];
        Barrier();
        return all;
    }

    public byte[] Broadcast(byte[] bytes, int source = 0) => AllGather(bytes)[source];

    public void AllReduce(Tensor tensor, ReduceOperation operation = ReduceOperation.Sum)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor all = stack(AllGather(tensor));
        tensor.copy_(operation switch
        {
            ReduceOperation.Mean => all.mean([0]),
            ReduceOperation.Max => all.amax([0]),
            ReduceOperation.Min => all.amin([0]),
            _ => all.sum([0L]),                                         // a plain 0 is a type of numbers to it
        });
    }

    public void Broadcast(Tensor tensor, int source = 0)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        tensor.copy_(AllGather(tensor)[source]);
    }

    public IReadOnlyList<Tensor> AllGather(Tensor tensor) => [.. AllGather(tensor.bytes.ToArray()).Select(bytes =>
    {
        Tensor copy = empty_like(tensor);
        bytes.CopyTo(copy.bytes);
        return copy;
    })];

    public void Barrier()
    {
        if (!barrier.SignalAndWait(Patience))
        {
            throw new TimeoutException("The other processes did not come. One of them has failed, or made other calls.");
        }
    }

    public bool HaveAllFailed(TimeSpan patience) => barrier.SignalAndWait(patience);

    public void Abort(string reason) => throw new InvalidOperationException($"Process {Rank.Rank} failed alone: {reason}");
}
