using System.Runtime.InteropServices;
using Compat.Torch.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>The collectives of processes that MPI has started: Open MPI or MPICH, whichever is installed.</summary>
/// <remarks>
/// <para>MPI lives as long as the process: it is initialised by the first <see cref="Start"/> and finalised when the process exits. A process that exits with a code
/// other than 0 aborts the others instead, which would wait for it.</para>
/// <para>Tensors travel in pieces of 4 MB at most. Types that MPI does not know add up as a wider one: half types as float32, short integers as int32. Tensors of other
/// devices than the CPU are copied there and back.</para>
/// </remarks>
public sealed class MpiCollectives : ICollectives
{
    private const long PieceBytes = 4 << 20;

    private static readonly Lazy<MpiCollectives> Instance = new(() => new MpiCollectives(MpiLibrary.Load()));

    private readonly MpiLibrary mpi;

    private MpiCollectives(MpiLibrary mpi)
    {
        this.mpi = mpi;
        Rank = mpi.Init();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Finish();
        ShareCores();
    }

    /// <inheritdoc/>
    public ProcessRank Rank { get; }

    /// <summary>Joins the processes that MPI has started. Any number of calls give the same object.</summary>
    /// <remarks>Without <c>mpirun</c> there is one process. Unless <c>OMP_NUM_THREADS</c> is set, the processes of a machine share its cores.</remarks>
    /// <returns>The collectives; they need not be disposed.</returns>
    /// <exception cref="DllNotFoundException">There is no MPI library; the message says what to install.</exception>
    /// <exception cref="InvalidOperationException">The processes were started by the launcher of another MPI library, so each of them would train alone.</exception>
    public static MpiCollectives Start() => Instance.Value;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The type of the tensor is complex, or it is an integer's and the operation is the mean.</exception>
    public void AllReduce(Tensor tensor, ReduceOperation operation = ReduceOperation.Sum)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ScalarType wire = MpiTypes.ToReduce(tensor.dtype, operation);
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor staged = Stage(tensor, wire);
        ForEachPiece(staged, (address, count) => mpi.AllReduce(address, count, wire, operation));
        if (operation == ReduceOperation.Mean)
        {
            staged.div_(Rank.WorldSize);
        }

        Unstage(staged, tensor);
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor tensor, int source = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        CheckSource(source);
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor staged = Stage(tensor, tensor.dtype);
        int size = (int)staged.ElementSize;
        ForEachPiece(staged, (address, count) => mpi.Broadcast(address, count * size, source));
        Unstage(staged, tensor);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor> AllGather(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Tensor[] all = new Tensor[Rank.WorldSize];
        for (int source = 0; source < all.Length; source++)
        {
            all[source] = source == Rank.Rank ? tensor.detach().clone() : empty_like(tensor);
            Broadcast(all[source], source);
        }

        return all;
    }

    /// <inheritdoc/>
    public IReadOnlyList<byte[]> AllGather(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return [.. Enumerable.Range(0, Rank.WorldSize).Select(source => Broadcast(bytes, source))];
    }

    /// <inheritdoc/>
    public byte[] Broadcast(byte[] bytes, int source = 0)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        CheckSource(source);
        bool isSource = source == Rank.Rank;
        int[] length = [bytes.Length];
        BroadcastBytes(MemoryMarshal.AsBytes(length.AsSpan()), source);
        byte[] all = isSource ? bytes : new byte[length[0]];
        BroadcastBytes(all, source);
        return all;
    }

    /// <inheritdoc/>
    public void Barrier() => mpi.Barrier();

    /// <inheritdoc/>
    public bool HaveAllFailed(TimeSpan patience) => mpi.Meet(patience);

    /// <inheritdoc/>
    public void Abort(string reason)
    {
        Console.Error.WriteLine($"Process {Rank.Rank} of {Rank.WorldSize} ends all processes: {reason}");
        mpi.Abort(1);
    }

    // Several processes that each use all cores slow each other down many times over. What the user has set stays.
    private static void ShareCores()
    {
        if (MpiLauncher.LocalSize is > 1 and int size && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS")))
        {
            set_num_threads(Math.Max(1, Environment.ProcessorCount / size));
        }
    }

    private void Finish()
    {
        if (Environment.ExitCode == 0 || mpi.Meet(ICollectives.Patience))
        {
            mpi.Finish();
        }
        else
        {
            Abort($"it exits with code {Environment.ExitCode}, and the others do not.");
        }
    }

    // The tensor itself if its memory can be used as it is.
    private static Tensor Stage(Tensor tensor, ScalarType wire) =>
        (tensor.device_type == DeviceType.CPU ? tensor : HostRead.ToCpu(tensor)).detach().to(wire).contiguous();

    private static void Unstage(Tensor staged, Tensor tensor)
    {
        if (staged.device_type != tensor.device_type || TensorMemory.Address(staged) != TensorMemory.Address(tensor))
        {
            tensor.detach().copy_(staged);
        }
    }

    private static void ForEachPiece(Tensor tensor, Action<nint, int> action)
    {
        nint address = TensorMemory.Address(tensor);
        long size = tensor.ElementSize;
        long count = tensor.numel();
        for (long done = 0; done < count; done += PieceBytes / size)
        {
            action(address + (nint)(done * size), (int)Math.Min(PieceBytes / size, count - done));
        }

        GC.KeepAlive(tensor);
    }

    private unsafe void BroadcastBytes(Span<byte> bytes, int source)
    {
        fixed (byte* start = bytes)
        {
            for (int done = 0; done < bytes.Length; done += (int)PieceBytes)
            {
                mpi.Broadcast((nint)start + done, Math.Min((int)PieceBytes, bytes.Length - done), source);
            }
        }
    }

    private void CheckSource(int source)
    {
        if (source < 0 || source >= Rank.WorldSize)
        {
            throw new ArgumentOutOfRangeException(
                nameof(source), source, $"The source is process {source}; it must be from 0 to {Rank.WorldSize - 1}. Name one of the {Rank.WorldSize} processes.");
        }
    }
}
