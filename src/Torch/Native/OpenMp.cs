using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>How many threads operations use that the calling thread starts. TorchSharp's <c>set_num_threads</c> is for the whole process.</summary>
internal static unsafe class OpenMp
{
    private static readonly SymbolTable Table = new("torch_cpu", "Threads per worker", "Workers share the threads of the process then.", "omp_set_num_threads");

    /// <summary>Lets operations that this thread starts run on it alone, as in PyTorch's workers. Without OpenMP it does nothing.</summary>
    public static void UseOneThread()
    {
        _ = get_num_threads();                                        // the first question sets what libtorch wants, and would undo it later
        if (Table.Missing.Count == 0)
        {
            ((delegate* unmanaged<int, void>)Table[0])(1);
        }
    }
}
