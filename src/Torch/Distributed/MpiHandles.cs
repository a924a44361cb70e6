using System.Runtime.InteropServices;

namespace Compat.Torch.Distributed;

/// <summary>
/// The constants of an MPI library's C interface. Open MPI's handles are addresses of exported variables, MPICH's are numbers that its interface fixes.
/// </summary>
internal sealed record MpiHandles
{
    /// <summary>Gets the handles of MPICH and what shares its interface.</summary>
    public static MpiHandles Mpich { get; } = new()
    {
        World = 0x44000000,
        Byte = 0x4c00010d,
        Float = 0x4c00040a,
        Double = 0x4c00080b,
        Int32 = 0x4c000439,
        Int64 = 0x4c00083a,
        Max = 0x58000001,
        Min = 0x58000002,
        Sum = 0x58000003,
        ErrorsReturn = 0x54000001,
        InPlace = -1,
        StatusIgnore = 1,
    };

    public required nint World { get; init; }

    public required nint Byte { get; init; }

    public required nint Float { get; init; }

    public required nint Double { get; init; }

    public required nint Int32 { get; init; }

    public required nint Int64 { get; init; }

    public required nint Sum { get; init; }

    public required nint Max { get; init; }

    public required nint Min { get; init; }

    public required nint ErrorsReturn { get; init; }

    public required nint InPlace { get; init; }

    public required nint StatusIgnore { get; init; }

    /// <summary>Finds the handles of Open MPI.</summary>
    public static MpiHandles OpenMpi(nint library) => new()
    {
        World = NativeLibrary.GetExport(library, "ompi_mpi_comm_world"),
        Byte = NativeLibrary.GetExport(library, "ompi_mpi_byte"),
        Float = NativeLibrary.GetExport(library, "ompi_mpi_float"),
        Double = NativeLibrary.GetExport(library, "ompi_mpi_double"),
        Int32 = NativeLibrary.GetExport(library, "ompi_mpi_int32_t"),
        Int64 = NativeLibrary.GetExport(library, "ompi_mpi_int64_t"),
        Sum = NativeLibrary.GetExport(library, "ompi_mpi_op_sum"),
        Max = NativeLibrary.GetExport(library, "ompi_mpi_op_max"),
        Min = NativeLibrary.GetExport(library, "ompi_mpi_op_min"),
        ErrorsReturn = NativeLibrary.GetExport(library, "ompi_mpi_errors_return"),
        InPlace = 1,
        StatusIgnore = 0,
    };
}
