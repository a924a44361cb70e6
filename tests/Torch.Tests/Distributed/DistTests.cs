using Compat.Torch.Distributed;

namespace Compat.Torch.Tests.Distributed;

public sealed class DistTests
{
    [Fact]
    public void Without_a_launcher_there_is_one_process() => Dist.Init(Launcher.None).Should().BeSameAs(SingleProcess.Instance);

    [Fact]
    public void Torchrun_is_refused_with_the_line_to_write()
    {
        Action init = () => Dist.Init(Launcher.Pytorch);
        init.Should().Throw<NotSupportedException>().WithMessage(
            "Launcher is Pytorch, but processes that torchrun starts cannot train together yet; Mpi and None can. Write Launcher = Launcher.Mpi, and start the "
            + "program with mpirun -n 2 dotnet program.dll.");
    }

    [Fact]
    public void An_unknown_launcher_is_refused()
    {
        Action init = () => Dist.Init((Launcher)9);
        init.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The launcher is 9; it must be None or Mpi.*");
    }

    [Fact]
    public void A_process_alone_ends_nobody()
    {
        SingleProcess.Instance.HaveAllFailed(TimeSpan.Zero).Should().BeTrue();
        SingleProcess.Instance.Abort("nobody else is there");
    }
}
