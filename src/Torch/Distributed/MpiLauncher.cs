using System.Globalization;

namespace Compat.Torch.Distributed;

/// <summary>What the launchers of MPI tell the processes that they start.</summary>
internal static class MpiLauncher
{
    private const string OpenMpiSize = "OMPI_COMM_WORLD_SIZE";
    private const string HydraSize = "PMI_SIZE";

    /// <summary>Gets how many processes were started; <see langword="null"/> without a launcher.</summary>
    public static int? Size => Read(OpenMpiSize) ?? Read(HydraSize);

    /// <summary>Gets how many of them are on this machine; <see langword="null"/> if that is not known.</summary>
    public static int? LocalSize => Read("OMPI_COMM_WORLD_LOCAL_SIZE") ?? Read("MPI_LOCALNRANKS");

    /// <summary>Gets whether MPICH's launcher has started this process.</summary>
    public static bool IsHydra => Read(OpenMpiSize) is null && Read(HydraSize) is not null;

    private static int? Read(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
