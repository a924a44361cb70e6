using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Compat.Torch.Distributed;

/// <summary>An MPI library's C interface, called through function pointers: which library it is, is only known when it is loaded.</summary>
/// <remarks>All handles are passed as native integers; MPICH's, which are 32 bits wide, fit into them.</remarks>
internal sealed unsafe partial class MpiLibrary
{
    private const int ThreadsInTurn = 2;                              // MPI_THREAD_SERIALIZED
    private const int MaxText = 8192;                                 // MPI_MAX_LIBRARY_VERSION_STRING of MPICH, the longest of all
    private static readonly string[] OpenMpiNames = ["libmpi.so.40"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] AnyNames = ["libmpi.so", "libmpich.so", "libmpi.dylib"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly nint library;
    private readonly MpiHandles handles;
    private nint failures;

    private MpiLibrary(nint library)
    {
        this.library = library;
        byte* text = stackalloc byte[MaxText];
        int length;
        Check(((delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_library_version"))(text, &length));
        Version = Encoding.UTF8.GetString(text, length).Trim('\0');
        handles = Version.Contains("Open MPI", StringComparison.Ordinal) ? MpiHandles.OpenMpi(library) : MpiHandles.Mpich;
    }

    /// <summary>Gets the name and version that the library gives itself.</summary>
    public string Version { get; }

    private string Name => Version.Contains("Open MPI", StringComparison.Ordinal) ? "Open MPI" : "MPICH";

    /// <summary>Loads the library whose launcher has started this process; without a launcher, any.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    public static MpiLibrary Load()
    {
        // UCX, under MPICH, would take the signal that .NET makes a NullReferenceException of. .NET's own variables do not reach C.
        if (!OperatingSystem.IsWindows())
        {
            _ = SetEnvironment("UCX_ERROR_SIGNALS", string.Empty, 1);
        }

        return Load(MpiLauncher.IsHydra ? [.. MpichNames, .. OpenMpiNames, .. AnyNames] : [.. OpenMpiNames, .. MpichNames, .. AnyNames]);
    }

    /// <summary>Loads the first library that is there.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    public static MpiLibrary Load(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return new MpiLibrary(library);
            }
        }

        throw new DllNotFoundException(
            $"No MPI library was found; looked for {string.Join(", ", names)}. Install Open MPI (apt-get install openmpi-bin) or MPICH (apt-get install mpich), or "
            + "leave Launcher out to train with one process.");
    }

    /// <summary>Initialises MPI.</summary>
    /// <returns>Which process this is, of how many.</returns>
    /// <exception cref="InvalidOperationException">MPI cannot be initialised, or another MPI has started the processes.</exception>
    public ProcessRank Init()
    {
        int provided;
        Check(((delegate* unmanaged<nint, nint, int, int*, int>)Export("MPI_Init_thread"))(0, 0, ThreadsInTurn, &provided));
        Check(((delegate* unmanaged<nint, nint, int>)Export("MPI_Comm_set_errhandler"))(handles.World, handles.ErrorsReturn));
        int rank;
        int size;
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank"))(handles.World, &rank));
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size"))(handles.World, &size));
        if (provided < ThreadsInTurn)
        {
            throw new InvalidOperationException(
                $"{Name} was built for one thread only (level {provided}); it must let threads call it in turn (level {ThreadsInTurn}). Install another build of it.");
        }

        CheckLauncher(size);
        nint copy = 0;
        Check(((delegate* unmanaged<nint, nint*, int>)Export("MPI_Comm_dup"))(handles.World, &copy));
        failures = copy;
        return new ProcessRank(rank, size);
    }

    /// <summary>Reduces values in place.</summary>
    public void AllReduce(nint address, int count, ScalarType type, ReduceOperation operation)
    {
        nint mpiType = type switch
        {
            ScalarType.Float64 => handles.Double,
            ScalarType.Int32 => handles.Int32,
            ScalarType.Int64 => handles.Int64,
            _ => handles.Float,
        };
        nint mpiOperation = operation switch
        {
            ReduceOperation.Max => handles.Max,
            ReduceOperation.Min => handles.Min,
            _ => handles.Sum,
        };
        Check(((delegate* unmanaged<nint, nint, int, nint, nint, nint, int>)Export("MPI_Allreduce"))(
            handles.InPlace, address, count, mpiType, mpiOperation, handles.World));
    }

    /// <summary>Replaces bytes by those of one process.</summary>
    public void Broadcast(nint address, int count, int source) =>
        Check(((delegate* unmanaged<nint, int, nint, int, nint, int>)Export("MPI_Bcast"))(address, count, handles.Byte, source, handles.World));

    /// <summary>Waits until all processes are here.</summary>
    public void Barrier() => Check(((delegate* unmanaged<nint, int>)Export("MPI_Barrier"))(handles.World));

    /// <summary>Waits for all processes to come here, but not for ever. It has a communicator of its own, so those that do something else are not disturbed.</summary>
    public bool Meet(TimeSpan patience)
    {
        nint request = 0;
        Check(((delegate* unmanaged<nint, nint*, int>)Export("MPI_Ibarrier"))(failures, &request));
        Stopwatch waited = Stopwatch.StartNew();
        using ManualResetEventSlim never = new();
        while (true)
        {
            int isDone;
            Check(((delegate* unmanaged<nint*, int*, nint, int>)Export("MPI_Test"))(&request, &isDone, handles.StatusIgnore));
            if (isDone != 0 || waited.Elapsed > patience)
            {
                return isDone != 0;
            }

            never.Wait(Pause);
        }
    }

    /// <summary>Ends MPI; waits for the others to do so too.</summary>
    public void Finish() => _ = ((delegate* unmanaged<int>)Export("MPI_Finalize"))();

    /// <summary>Ends all processes.</summary>
    public void Abort(int code) => _ = ((delegate* unmanaged<nint, int, int>)Export("MPI_Abort"))(handles.World, code);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private void CheckLauncher(int size)
    {
        if (size == 1 && MpiLauncher.Size is > 1 and int started)
        {
            throw new InvalidOperationException(
                $"{started} processes were started, but for {Name} this one is alone: the mpirun that started them is that of another MPI. Start them with the mpirun of "
                + $"{Name} (mpirun.{(Name == "MPICH" ? "mpich" : "openmpi")} on Debian), or install the MPI library that belongs to the mpirun you use.");
        }
    }

    private nint Export(string function) => NativeLibrary.GetExport(library, function);

    private void Check(int code)
    {
        if (code == 0)
        {
            return;
        }

        byte* text = stackalloc byte[MaxText];
        int length = 0;
        _ = ((delegate* unmanaged<int, byte*, int*, int>)Export("MPI_Error_string"))(code, text, &length);
        throw new InvalidOperationException(
            $"{Name} reports error {code}: {Encoding.UTF8.GetString(text, length)}. All processes must make the same calls with tensors of the same shapes and types.");
    }
}
