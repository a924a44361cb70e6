using Compat.Torch.Randomness;

namespace Compat.Torch.Distributed;

/// <summary>Joins the processes that train together, for programs that need their rank before they make a runner, for example to build loaders.</summary>
/// <remarks>Source: <c>init_dist</c> of MMCV and MMEngine.</remarks>
public static class Dist
{
    /// <summary>Joins the processes that a launcher has started. Calling it again gives the same.</summary>
    /// <param name="launcher">What has started this process.</param>
    /// <returns>What the processes do together; its <see cref="ICollectives.Rank"/> says which this one is, of how many.</returns>
    /// <exception cref="DllNotFoundException">There is no MPI library.</exception>
    /// <exception cref="InvalidOperationException">The processes were started by the launcher of another MPI library than the one that was found.</exception>
    /// <exception cref="NotSupportedException">The launcher is <see cref="Launcher.Pytorch"/>.</exception>
    public static ICollectives Init(Launcher launcher) => launcher switch
    {
        Launcher.None => SingleProcess.Instance,
        Launcher.Mpi => MpiCollectives.Start(),
        Launcher.Pytorch => throw new NotSupportedException(
            "Launcher is Pytorch, but processes that torchrun starts cannot train together yet; Mpi and None can. Write Launcher = Launcher.Mpi, and start the "
            + "program with mpirun -n 2 dotnet program.dll."),
        _ => throw new ArgumentOutOfRangeException(nameof(launcher), launcher, $"The launcher is {launcher}; it must be None or Mpi. Write Launcher = Launcher.Mpi."),
    };

    /// <summary>Draws a seed from torch's generator that all processes share, for example for their samplers: that of process 0.</summary>
    /// <param name="collectives">What the processes do together. All call this together.</param>
    /// <returns>The seed, from 0 to 2³¹ - 1.</returns>
    /// <remarks>Every process draws, so their generators stay in step. Source: <c>sync_random_seed</c> of MMCV and MMEngine.</remarks>
    public static long SyncRandomSeed(ICollectives collectives)
    {
        ArgumentNullException.ThrowIfNull(collectives);
        return BitConverter.ToInt64(collectives.Broadcast(BitConverter.GetBytes(TorchSeed.Draw() & int.MaxValue)));
    }
}
