namespace Compat.Torch.Distributed;

/// <summary>What has started the training processes.</summary>
/// <remarks>Source: the option <c>launcher</c> of MMEngine's <c>Runner</c> and of MMCV's <c>init_dist</c>.</remarks>
public enum Launcher
{
    /// <summary>Nothing: one process trains alone.</summary>
    None,

    /// <summary>MPI: <c>mpirun -n 2 dotnet program.dll</c>.</summary>
    Mpi,

    /// <summary>PyTorch's <c>torchrun</c>. Refused: only MPI starts several processes yet.</summary>
    Pytorch,
}
